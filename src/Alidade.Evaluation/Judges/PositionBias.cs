namespace Alidade.Evaluation.Judges;

/// <summary>
/// Position bias of a pairwise judge: every pair is shown in both orders, and a consistent judge names the same answer twice.
/// </summary>
/// <remarks>Zheng et al. 2023 (arXiv 2306.05685), table 2: consistency, biased towards first, biased towards second, error.</remarks>
/// <param name="Consistent">Pairs with the same verdict in both orders.</param>
/// <param name="TowardsFirst">Inconsistent pairs in which the place shown first gained: it won both games, or won one and tied the other.</param>
/// <param name="TowardsSecond">Inconsistent pairs in which the place shown second gained.</param>
/// <param name="Unjudged">Pairs of which a verdict is missing.</param>
public sealed record PositionBias(int Consistent, int TowardsFirst, int TowardsSecond, int Unjudged)
{
    /// <summary>Pairs with both verdicts.</summary>
    public int Judged => Consistent + TowardsFirst + TowardsSecond;

    /// <summary>Share of consistent pairs among those with both verdicts; NaN when there are none.</summary>
    public double Consistency => Consistent / (double)Judged;

    /// <summary>Share of consistent pairs among all pairs: a missing verdict counts against the judge.</summary>
    public double ConsistencyOfAll => Consistent / (double)(Judged + Unjudged);

    /// <summary>From games told of the same answer.</summary>
    /// <param name="straight">The first answer is shown first.</param>
    /// <param name="swapped">The first answer is shown second; <see cref="PairVerdict.First"/> still means that it won.</param>
    public static PositionBias Of(IReadOnlyList<Parsed<PairVerdict>> straight, IReadOnlyList<Parsed<PairVerdict>> swapped)
    {
        Paired.Check(straight.Count, swapped.Count);
        var both = straight.Zip(swapped).Where(p => p.First.HasValue && p.Second.HasValue).Select(p => (Straight: p.First.Value, Swapped: p.Second.Value)).ToArray();
        // What the first answer loses by standing second is what the first place gains.
        return new(
            both.Count(p => p.Straight == p.Swapped),
            both.Count(p => p.Straight.ScoreOfFirst() > p.Swapped.ScoreOfFirst()),
            both.Count(p => p.Straight.ScoreOfFirst() < p.Swapped.ScoreOfFirst()),
            straight.Count - both.Length);
    }
}

/// <summary>Lists that belong together item by item.</summary>
internal static class Paired
{
    /// <summary>Throws when the lists differ in length.</summary>
    public static void Check(int first, int second)
    {
        if (first != second)
            throw new ArgumentException($"the lists hold {first} and {second} items; they belong together item by item");
    }
}
