using System.Text.Json.Nodes;
using Alidade.Core.Data;

namespace Alidade.Evaluation.Engine;

/// <summary>One thing that a task asks a model. It holds everything that the answer depends on beside the model.</summary>
public abstract record Request
{
    /// <summary>Everything that the answer depends on, for the key of the response store.</summary>
    internal abstract JsonObject Describe();

    private protected static JsonNode? Describe(Prompt prompt) => prompt.Text is { } text
        ? text
        : new JsonArray([.. prompt.Messages!.Select(m => (JsonNode)new JsonObject { ["role"] = m.Role, ["content"] = m.Content })]);

    private protected static JsonArray Describe(IEnumerable<string> texts) => [.. texts.Select(t => (JsonNode)t)];
}

/// <summary>Σ log p of each of some continuations of one context. A white-box request: it needs a model that gives log-likelihoods.</summary>
/// <param name="Context">
/// What stands before: plain text, or a conversation, rendered by the model's chat template up to where the assistant begins; a last message of the assistant is
/// left open and continued. An empty text stands for the model's beginning token.
/// </param>
/// <param name="Continuations">At least one, none empty; a separating space belongs to the continuation.</param>
public sealed record ContinuationRequest(Prompt Context, IReadOnlyList<string> Continuations) : Request
{
    /// <summary>A plain text and its continuations.</summary>
    public ContinuationRequest(string context, params IReadOnlyList<string> continuations)
        : this(Prompt.OfText(context), continuations)
    {
    }

    internal override JsonObject Describe() => new() { ["ask"] = "continuations", ["context"] = Describe(Context), ["continuations"] = Describe(Continuations) };
}

/// <summary>log p of a whole text of any length, in windows in which every token is predicted once.</summary>
/// <param name="Text">The text.</param>
public sealed record RollingRequest(string Text) : Request
{
    internal override JsonObject Describe() => new() { ["ask"] = "rolling", ["text"] = Text };
}

/// <summary>Text that a model writes.</summary>
/// <param name="Prompt">
/// Plain text that is continued, or a conversation. A chat endpoint gets plain text as the one message of the user, which is not the same thing.
/// </param>
public sealed record GenerationRequest(Prompt Prompt) : Request
{
    /// <summary>A conversation.</summary>
    public GenerationRequest(params IReadOnlyList<Core.Message> messages)
        : this(Prompt.OfMessages(messages))
    {
    }

    /// <summary>Most new tokens. Default 256.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Texts that end the answer; they are cut off.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Temperature; 0 (default) takes the likeliest token.</summary>
    public double Temperature { get; init; }

    /// <summary>Only the likeliest tokens that together reach this probability. Default 1: all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>How many answers are drawn. Default 1.</summary>
    public int Samples { get; init; } = 1;

    /// <summary>Seed of the sampling.</summary>
    public ulong Seed { get; init; }

    /// <summary>How many of the likeliest tokens are told for each place; 0 (default) for none.</summary>
    public int TopLogProbs { get; init; }

    internal override JsonObject Describe() => new()
    {
        ["ask"] = "generation",
        ["prompt"] = Describe(Prompt),
        ["max_new_tokens"] = MaxNewTokens,
        ["stop"] = Describe(Stop),
        ["temperature"] = Temperature,
        ["top_p"] = TopP,
        ["samples"] = Samples,
        ["seed"] = Seed,
        ["top_logprobs"] = TopLogProbs,
    };
}
