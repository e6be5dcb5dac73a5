using Alidade.Core.Results;
using Alidade.Core.Statistics.Distributions;

namespace Alidade.Core.Statistics;

/// <summary>The area under the ROC curve with its standard error.</summary>
/// <param name="Value">P(score of a positive &gt; score of a negative) + ½·P(equal).</param>
/// <param name="StandardError">DeLong's; NaN when a side has fewer than two scores. It is 0 when the two sides do not overlap: then it says nothing.</param>
/// <param name="Positives">Positive items.</param>
/// <param name="Negatives">Negative items.</param>
public sealed record AurocEstimate(double Value, double StandardError, int Positives, int Negatives)
{
    /// <summary>value ± z·standard error, cut at 0 and 1; null when there is no standard error.</summary>
    public Interval? Interval(double level = 0.95)
    {
        if (!double.IsFinite(StandardError))
            return null;
        var half = Normal.TwoSided(level) * StandardError;
        return new Interval(Math.Max(0, Value - half), Math.Min(1, Value + half), level, "DeLong");
    }
}

/// <summary>
/// The area under the ROC curve as the Mann–Whitney statistic, ties counted half, with DeLong's standard error √(var(V₁₀)/m + var(V₀₁)/n): V₁₀ the share of
/// negatives that each positive outscores, V₀₁ the share of positives that outscore each negative.
/// </summary>
/// <remarks>DeLong, DeLong and Clarke-Pearson 1988 (Biometrics 44:837); computed by mid-ranks as in Sun and Xu 2014.</remarks>
public static class Auroc
{
    /// <summary>The area; higher scores speak for positive.</summary>
    /// <exception cref="ArgumentException">A side is empty, or a score is NaN.</exception>
    public static AurocEstimate Of(IReadOnlyList<double> positives, IReadOnlyList<double> negatives)
    {
        var (ofPositives, ofNegatives) = Placements(positives, negatives);
        return new AurocEstimate(
            Mean.Value(ofPositives),
            Math.Sqrt((Mean.SampleVariance(ofPositives) / positives.Count) + (Mean.SampleVariance(ofNegatives) / negatives.Count)),
            positives.Count,
            negatives.Count);
    }

    /// <summary>Two-sided test of equal areas of two scores of the same items.</summary>
    /// <param name="positivesFirst">First score of the positives.</param>
    /// <param name="negativesFirst">First score of the negatives.</param>
    /// <param name="positivesSecond">Second score of the same positives, same order.</param>
    /// <param name="negativesSecond">Second score of the same negatives, same order.</param>
    /// <returns>z = (A₁ − A₂)/√(var₁ + var₂ − 2·cov) and its p, the covariance, and the standard error of the difference; z and p are NaN when that is 0.</returns>
    public static (double Z, double P, double Covariance, double StandardError) PairedTest(
        IReadOnlyList<double> positivesFirst,
        IReadOnlyList<double> negativesFirst,
        IReadOnlyList<double> positivesSecond,
        IReadOnlyList<double> negativesSecond)
    {
        if (positivesFirst.Count != positivesSecond.Count || negativesFirst.Count != negativesSecond.Count)
            throw new ArgumentException("a paired test needs both scores of every item", nameof(positivesSecond));
        var first = Placements(positivesFirst, negativesFirst);
        var second = Placements(positivesSecond, negativesSecond);
        double Variance(double[] ofPositives, double[] ofNegatives) =>
            (Mean.SampleVariance(ofPositives) / ofPositives.Length) + (Mean.SampleVariance(ofNegatives) / ofNegatives.Length);
        var covariance = (Covariance(first.OfPositives, second.OfPositives) / positivesFirst.Count)
            + (Covariance(first.OfNegatives, second.OfNegatives) / negativesFirst.Count);
        var variance = Variance(first.OfPositives, first.OfNegatives) + Variance(second.OfPositives, second.OfNegatives) - (2 * covariance);
        var error = Math.Sqrt(Math.Max(0, variance));
        var z = error > 0 ? (Mean.Value(first.OfPositives) - Mean.Value(second.OfPositives)) / error : double.NaN;
        return (z, Normal.TwoSidedP(z), covariance, error);
    }

    // With R the mid-rank among all scores and S among the own side: a positive outscores (R − S) negatives, a tie counted half.
    private static (double[] OfPositives, double[] OfNegatives) Placements(IReadOnlyList<double> positives, IReadOnlyList<double> negatives)
    {
        if (positives.Count == 0 || negatives.Count == 0)
            throw new ArgumentException($"the area under a ROC curve needs positives and negatives; there are {positives.Count} and {negatives.Count}", nameof(positives));
        double[] all = [.. positives, .. negatives];
        if (all.Any(double.IsNaN))
            throw new ArgumentException("a score is NaN; leave unscored items out and count them", nameof(positives));
        var ranks = Ranks.Mid(all);
        var amongPositives = Ranks.Mid(positives);
        var amongNegatives = Ranks.Mid(negatives);
        return (
            [.. positives.Select((_, i) => (ranks[i] - amongPositives[i]) / negatives.Count)],
            [.. negatives.Select((_, j) => 1 - ((ranks[positives.Count + j] - amongNegatives[j]) / positives.Count))]);
    }

    private static double Covariance(double[] first, double[] second)
    {
        if (first.Length < 2)
            return double.NaN;
        double meanFirst = Mean.Value(first), meanSecond = Mean.Value(second);
        var sum = new CompensatedSum();
        for (var i = 0; i < first.Length; i++)
            sum.Add((first[i] - meanFirst) * (second[i] - meanSecond));
        return sum.Total / (first.Length - 1);
    }
}
