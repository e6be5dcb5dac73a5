namespace Alidade.Evaluation.Judges;

/// <summary>Reads PandaLM's reply: its first line is 1, 2 or Tie.</summary>
/// <remarks>Wang et al. 2024 (arXiv 2306.05087). The authors count every other reply as a tie, which makes a judge that says nothing look undecided; that stands under
/// <see cref="ReadUnparsedAsTie"/>.</remarks>
public static class PandaLmVerdict
{
    /// <summary>The verdict; 0 is read as a tie, as the files of the test set write it.</summary>
    public static Parsed<PairVerdict> Read(string reply) => reply.Trim().Split('\n')[0].Trim().ToLowerInvariant() switch
    {
        "1" => Parsed.Of(PairVerdict.First),
        "2" => Parsed.Of(PairVerdict.Second),
        "tie" or "0" => Parsed.Of(PairVerdict.Tie),
        _ => Parsed.None<PairVerdict>("the first line is neither 1, 2 nor Tie"),
    };

    /// <summary>The verdict of a person's label: 1 the first, 2 the second, 0 a tie.</summary>
    public static PairVerdict OfLabel(int label) => label switch
    {
        0 => PairVerdict.Tie,
        1 => PairVerdict.First,
        2 => PairVerdict.Second,
        _ => throw new ArgumentOutOfRangeException(nameof(label), label, "a label is 0, 1 or 2"),
    };

    /// <summary>The authors' verdict: whatever is neither 1 nor 2 is a tie.</summary>
    public static PairVerdict ReadUnparsedAsTie(string reply) => Read(reply) is { HasValue: true } read ? read.Value : PairVerdict.Tie;
}
