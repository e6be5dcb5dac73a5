using System.Text.Json.Serialization;

namespace Alidade.Evaluation.Engine;

/// <summary>What became of a request: an answer of its kind, or <see cref="Unanswered"/>.</summary>
[JsonDerivedType(typeof(ContinuationScores), "continuations")]
[JsonDerivedType(typeof(RollingScore), "rolling")]
[JsonDerivedType(typeof(GeneratedTexts), "generated")]
public abstract record Response
{
    /// <summary>Tokens that went through the model for it, read and written together; what is shared with other requests counts where it was computed.</summary>
    public long Tokens { get; init; }

    /// <summary>Seconds that it took; its share of a batch.</summary>
    public double Seconds { get; init; }
}

/// <summary>Σ log p of one continuation.</summary>
/// <param name="LogProb">The sum, in nats.</param>
/// <param name="Tokens">Tokens summed over.</param>
/// <param name="IsGreedy">True when each of them is the likeliest in its place.</param>
public readonly record struct ContinuationScore(double LogProb, int Tokens, bool IsGreedy);

/// <summary>The answer to a <see cref="ContinuationRequest"/>.</summary>
/// <param name="Scores">One for each continuation, in order.</param>
/// <param name="Truncated">True when the beginning of the context was cut off, as context and continuation did not fit.</param>
public sealed record ContinuationScores(IReadOnlyList<ContinuationScore> Scores, bool Truncated) : Response;

/// <summary>The answer to a <see cref="RollingRequest"/>.</summary>
/// <param name="LogProb">log p of the text, in nats.</param>
/// <param name="ScoredTokens">Its tokens.</param>
/// <param name="Windows">Windows that it was cut into.</param>
public sealed record RollingScore(double LogProb, int ScoredTokens, int Windows) : Response;

/// <summary>A token that a model wrote, or might have written.</summary>
/// <param name="Text">Its text.</param>
/// <param name="LogProb">log p in nats.</param>
public sealed record TextToken(string Text, double LogProb);

/// <summary>A token of an answer with the likeliest ones of its place.</summary>
/// <param name="Text">Its text.</param>
/// <param name="LogProb">log p in nats.</param>
/// <param name="Top">The likeliest tokens, likeliest first.</param>
public sealed record AnswerToken(string Text, double LogProb, IReadOnlyList<TextToken> Top);

/// <summary>One answer.</summary>
/// <param name="Text">The text, a stop text cut off.</param>
/// <param name="Truncated">True when it ran into the limit of new tokens, or its prompt was cut.</param>
public sealed record GeneratedText(string Text, bool Truncated)
{
    /// <summary>Its tokens, where <see cref="GenerationRequest.TopLogProbs"/> asked for them and the model gives them; else empty.</summary>
    public IReadOnlyList<AnswerToken> Tokens { get; init; } = [];
}

/// <summary>The answer to a <see cref="GenerationRequest"/>.</summary>
/// <param name="Texts">As many as <see cref="GenerationRequest.Samples"/> asks for, at least one.</param>
public sealed record GeneratedTexts(IReadOnlyList<GeneratedText> Texts) : Response
{
    /// <summary>The first answer.</summary>
    [JsonIgnore]
    public GeneratedText First => Texts[0];
}

/// <summary>No answer. It is never stored, so that it is asked for again when the run is resumed.</summary>
/// <param name="Reason">The cause in a few words, the same for every request that fails so: items are counted by it.</param>
/// <param name="Detail">What happened to this one, in one line.</param>
public sealed record Unanswered(string Reason, string Detail) : Response
{
    /// <summary>Why a response is not the answer that its request asks for.</summary>
    /// <exception cref="InvalidOperationException">It is an answer, of another kind of request.</exception>
    public static string ReasonOf(Response response) => response is Unanswered { Reason: var reason } ? reason : throw new InvalidOperationException($"a {response.GetType().Name} answers another request");
}
