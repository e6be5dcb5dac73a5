using Alidade.Core;

namespace Alidade.Models.Generation;

/// <summary>How text is generated.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate. Default 256.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>Temperature; 0 takes the likeliest token (greedy). Default 0.</summary>
    public double Temperature { get; init; }

    /// <summary>Only the k likeliest tokens (and what ties with the k-th); 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the likeliest tokens that together reach this probability; 1 for all.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Seed of the sampling; the same seed gives the same text.</summary>
    public ulong Seed { get; init; }

    /// <summary>Texts that end the generation; they are cut from the result. Only generated text is looked at.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Go on past the model's end token, as if it were any other (for measuring speed and comparing with other programs).</summary>
    public bool IgnoreEndTokens { get; init; }

    /// <summary>Checks every value.</summary>
    /// <exception cref="AlidadeException">Some are out of range; the message names all of them.</exception>
    public void Validate()
    {
        var wrong = new List<string>();
        if (MaxNewTokens < 1)
            wrong.Add($"max new tokens is {MaxNewTokens}, it must be at least 1");
        if (!(Temperature >= 0 && double.IsFinite(Temperature)))
            wrong.Add($"temperature is {Temperature}, it must be a number of at least 0");
        if (TopK < 0)
            wrong.Add($"top-k is {TopK}, it must be at least 0");
        if (!(TopP > 0 && TopP <= 1))
            wrong.Add($"top-p is {TopP}, it must be above 0 and at most 1");
        if (Stop.Any(s => s.Length == 0))
            wrong.Add("an empty stop text would stop at once");
        if (wrong.Count > 0)
            throw new AlidadeException(string.Join("; ", wrong));
    }
}

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
}

/// <summary>What was generated from one prompt.</summary>
/// <param name="Ids">The generated tokens, the end token left out.</param>
/// <param name="Text">Their text, a stop text cut off.</param>
/// <param name="Reason">Why it ended; <see cref="StopReason.Length"/> and <see cref="StopReason.Context"/> mean truncated.</param>
/// <param name="LogProbs">log p of each generated token in nats, before temperature and filters.</param>
public sealed record Generated(IReadOnlyList<int> Ids, string Text, StopReason Reason, IReadOnlyList<double> LogProbs)
{
    /// <summary>True when the text was cut by a limit.</summary>
    public bool Truncated => Reason is StopReason.Length or StopReason.Context;
}
