namespace Alidade.Models.Generation;

/// <summary>Why a generation ended.</summary>
public enum StopReason
{
    /// <summary>The model ended its turn.</summary>
    EndToken,

    /// <summary>A stop text came up.</summary>
    StopText,

    /// <summary>The limit of new tokens was reached.</summary>
    Length,

    /// <summary>The model's context is full.</summary>
    Context,

    /// <summary>The text that the constraint asks for is complete.</summary>
    Constraint,
}

/// <summary>A token that may come, and how likely it is.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Text">Its text; what is no whole character is shown as U+FFFD.</param>
/// <param name="LogProb">log p in nats, before temperature, filters and constraint.</param>
public sealed record TokenCandidate(int Id, string Text, double LogProb);

/// <summary>A generated token with its log-probability.</summary>
/// <param name="Id">Token id.</param>
/// <param name="Text">Its text; what is no whole character is shown as U+FFFD.</param>
/// <param name="LogProb">log p in nats, before temperature, filters and constraint.</param>
/// <param name="Top">The likeliest tokens of that place, as many as <see cref="GenerationOptions.TopLogProbs"/> asks for, likeliest first.</param>
public sealed record TokenLogProb(int Id, string Text, double LogProb, IReadOnlyList<TokenCandidate> Top);

/// <summary>What was generated from one prompt.</summary>
/// <param name="Ids">The generated tokens, the end token left out.</param>
/// <param name="Text">Their text, a stop text cut off.</param>
/// <param name="Reason">Why it ended; <see cref="StopReason.Length"/> and <see cref="StopReason.Context"/> mean truncated.</param>
/// <param name="LogProbs">log p of each generated token in nats, before temperature and filters.</param>
public sealed record Generated(IReadOnlyList<int> Ids, string Text, StopReason Reason, IReadOnlyList<double> LogProbs)
{
    /// <summary>True when the text was cut by a limit.</summary>
    public bool Truncated => Reason is StopReason.Length or StopReason.Context;

    /// <summary>For each token the likeliest ones of its place; empty when <see cref="GenerationOptions.TopLogProbs"/> is 0.</summary>
    public IReadOnlyList<IReadOnlyList<TokenCandidate>> Top { get; init; } = [];

    /// <summary>Every token that was chosen, the end token included: what a policy learns from.</summary>
    public IReadOnlyList<int> DrawnIds { get; init; } = [];

    /// <summary>
    /// log p of each of <see cref="DrawnIds"/> in nats under the distribution that it was drawn from: rules, temperature and filters applied. 0 at temperature 0,
    /// where nothing is drawn.
    /// </summary>
    public IReadOnlyList<double> DrawnLogProbs { get; init; } = [];

    /// <summary>The tokens that were allowed at each of <see cref="DrawnIds"/>; empty without a <see cref="TokenGuide"/>.</summary>
    public IReadOnlyList<TokenSet> Allowed { get; init; } = [];
}

/// <summary>What a stream adds: text that will not be taken back, and the tokens behind it.</summary>
/// <param name="Text">May be empty: half a character, or what may become a stop text, is held back.</param>
/// <param name="Tokens">The tokens since the chunk before.</param>
/// <param name="Result">The whole on the last chunk, else null.</param>
public sealed record GenerationChunk(string Text, IReadOnlyList<TokenLogProb> Tokens, Generated? Result);
