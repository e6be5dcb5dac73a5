using Alidade.Core;
using Alidade.Core.Recipes;
using Alidade.Models.Endpoints;
using Alidade.Training.Rewards;

namespace Alidade.Training.Jobs;

/// <summary>A chat model behind an OpenAI-compatible address that grades answers (<see cref="JudgeReward"/>).</summary>
public sealed record JudgeRecipe : IValidated
{
    /// <summary>The address, such as http://127.0.0.1:8080/v1. Every answer is sent there, with its prompt.</summary>
    public string Url { get; init; } = "";

    /// <summary>The model's name there.</summary>
    public string Model { get; init; } = "";

    /// <summary>Name of the environment variable that holds the key; none when left out.</summary>
    public string? KeyVariable { get; init; }

    /// <summary>What is good.</summary>
    public string Rubric { get; init; } = JudgeReward.Helpfulness;

    /// <summary>Least score.</summary>
    public int Lowest { get; init; }

    /// <summary>Largest score.</summary>
    public int Highest { get; init; } = 5;

    /// <summary>Most tokens of a reply.</summary>
    public int MaxReplyTokens { get; init; } = 64;

    /// <summary>Answers that are judged at the same time.</summary>
    public int Concurrency { get; init; } = 8;

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (!Uri.TryCreate(Url, UriKind.Absolute, out _))
            yield return $"url: '{Url}' is no address; write it as http://127.0.0.1:8080/v1";
        if (Model.Length == 0)
            yield return "model: the model's name at the address is missing";
        if (Lowest >= Highest)
            yield return $"highest: {Highest} (above lowest, which is {Lowest})";
        if (MaxReplyTokens < 1)
            yield return $"max_reply_tokens: {MaxReplyTokens} (at least 1)";
        if (Concurrency < 1)
            yield return $"concurrency: {Concurrency} (at least 1)";
    }

    /// <summary>The judge; nothing is sent yet.</summary>
    internal JudgeReward Opened(OpenedModels models)
    {
        var endpoint = models.Endpoint(new() { BaseUrl = new(Url), Model = Model, KeyVariable = KeyVariable, MaxConcurrency = Concurrency });
        return new($"judge {Model}", endpoint.Chat) { Rubric = Rubric, Lowest = Lowest, Highest = Highest, MaxReplyTokens = MaxReplyTokens, Parallel = Concurrency };
    }
}
