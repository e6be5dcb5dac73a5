namespace Alidade.Evaluation.Judges;

/// <summary>Which of two answers is better.</summary>
public enum PairVerdict
{
    /// <summary>The first.</summary>
    First,

    /// <summary>The second.</summary>
    Second,

    /// <summary>Neither.</summary>
    Tie,
}

/// <summary>Verdicts over two answers that were shown in both orders, both told of the same first answer.</summary>
public static class PairVerdicts
{
    /// <summary>The verdict when the two answers had been shown the other way round.</summary>
    public static PairVerdict Swapped(this PairVerdict verdict) => verdict switch
    {
        PairVerdict.First => PairVerdict.Second,
        PairVerdict.Second => PairVerdict.First,
        _ => PairVerdict.Tie,
    };

    /// <summary>
    /// The verdict of both orders: the same winner twice wins, two different verdicts are a tie. Where one of the two could not be read there is none.
    /// </summary>
    /// <remarks>Zheng et al. 2023 (arXiv 2306.05685), section 3.4, the conservative way. FastChat counts an unread verdict as a tie; Alidade does not.</remarks>
    /// <param name="straight">Verdict of the game in the given order.</param>
    /// <param name="swapped">Verdict of the other game, turned round already: <see cref="PairVerdict.First"/> is the same answer in both.</param>
    public static Parsed<PairVerdict> OfBothOrders(Parsed<PairVerdict> straight, Parsed<PairVerdict> swapped) =>
        !straight.HasValue ? straight : !swapped.HasValue ? swapped : Parsed.Of(straight.Value == swapped.Value ? straight.Value : PairVerdict.Tie);

    /// <summary>The value of a verdict to the first answer: 1 won, 0 lost, ½ tied.</summary>
    public static double ScoreOfFirst(this PairVerdict verdict) => verdict switch { PairVerdict.First => 1, PairVerdict.Second => 0, _ => 0.5 };
}

/// <summary>Counts of the final verdicts over pairs.</summary>
/// <param name="Wins">The first answer won.</param>
/// <param name="Losses">The second answer won.</param>
/// <param name="Ties">Neither.</param>
/// <param name="Unjudged">Pairs without a verdict, which are in no rate.</param>
public sealed record PairCounts(int Wins, int Losses, int Ties, int Unjudged)
{
    /// <summary>Pairs with a verdict.</summary>
    public int Judged => Wins + Losses + Ties;

    /// <summary>W / (W + L + T); NaN when nothing was judged.</summary>
    public double WinRate => Wins / (double)Judged;

    /// <summary>L / (W + L + T); NaN when nothing was judged.</summary>
    public double LossRate => Losses / (double)Judged;

    /// <summary>(W + ½T) / (W + L + T), FastChat's adjusted win rate; NaN when nothing was judged.</summary>
    public double AdjustedWinRate => (Wins + (0.5 * Ties)) / Judged;

    /// <summary>Counts verdicts.</summary>
    public static PairCounts Of(IReadOnlyList<Parsed<PairVerdict>> verdicts)
    {
        int Count(PairVerdict verdict) => verdicts.Count(v => v.HasValue && v.Value == verdict);
        return new(Count(PairVerdict.First), Count(PairVerdict.Second), Count(PairVerdict.Tie), verdicts.Count(v => !v.HasValue));
    }
}
