using Alidade.Core.Results;

namespace Alidade.Core.Statistics;

/// <summary>One point of a ROC curve: everything with a score of at least the threshold is called positive.</summary>
/// <param name="Threshold">The threshold; +∞ for the first point.</param>
/// <param name="TruePositives">Positives called positive.</param>
/// <param name="FalsePositives">Negatives called positive.</param>
/// <param name="TruePositiveRate">Share of the positives.</param>
/// <param name="FalsePositiveRate">Share of the negatives.</param>
public sealed record RocPoint(double Threshold, int TruePositives, int FalsePositives, double TruePositiveRate, double FalsePositiveRate);

/// <summary>
/// The ROC curve: one point for every distinct score, in falling order, after the point (0, 0) at threshold +∞. No point is dropped, so that a rate can be read at
/// any limit.
/// </summary>
/// <remarks>scikit-learn's <c>roc_curve(drop_intermediate=False)</c>; its default drops points, after which the last rate under a limit can be far too
/// low.</remarks>
public sealed record Roc(IReadOnlyList<RocPoint> Points, int Positives, int Negatives)
{
    /// <summary>The curve; higher scores speak for positive.</summary>
    /// <exception cref="ArgumentException">A side is empty.</exception>
    public static Roc Of(IReadOnlyList<double> positives, IReadOnlyList<double> negatives)
    {
        if (positives.Count == 0 || negatives.Count == 0)
            throw new ArgumentException($"a ROC curve needs positives and negatives; there are {positives.Count} and {negatives.Count}", nameof(positives));
        var scores = positives.Select(s => (Score: s, Positive: true)).Concat(negatives.Select(s => (Score: s, Positive: false))).OrderByDescending(s => s.Score).ToArray();
        var points = new List<RocPoint> { new(double.PositiveInfinity, 0, 0, 0, 0) };
        int truePositives = 0, falsePositives = 0;
        for (var i = 0; i < scores.Length; i++)
        {
            if (scores[i].Positive)
                truePositives++;
            else
                falsePositives++;
            // Equal scores are called together: the point stands after the last of them.
            if (i + 1 == scores.Length || !scores[i + 1].Score.Equals(scores[i].Score))
                points.Add(new(scores[i].Score, truePositives, falsePositives, (double)truePositives / positives.Count, (double)falsePositives / negatives.Count));
        }

        return new Roc(points, positives.Count, negatives.Count);
    }

    /// <summary>
    /// The point of the largest true-positive rate whose false-positive rate is not above the limit (the rule <c>largest_threshold_not_above</c>). Nothing is
    /// interpolated: the threshold exists and can be used.
    /// </summary>
    /// <param name="limit">Largest false-positive rate allowed, such as 0.01.</param>
    public RocPoint At(double limit)
    {
        if (!(limit >= 0 && limit <= 1))
            throw new ArgumentOutOfRangeException(nameof(limit), limit, "a false-positive rate lies between 0 and 1");
        return Points.Last(p => p.FalsePositiveRate <= limit);
    }

    /// <summary>The true-positive rate at a false-positive rate, on the straight line between two points. No threshold may attain it.</summary>
    /// <param name="rate">False-positive rate, 0 … 1.</param>
    public double Interpolated(double rate)
    {
        var at = At(rate);
        var next = Points.FirstOrDefault(p => p.FalsePositiveRate > rate);
        return next is null ? at.TruePositiveRate
            : at.TruePositiveRate + ((next.TruePositiveRate - at.TruePositiveRate) * (rate - at.FalsePositiveRate) / (next.FalsePositiveRate - at.FalsePositiveRate));
    }

    /// <summary>
    /// The area under the curve up to a false-positive rate f, made to run from ½ (chance) to 1: ½·(1 + (area − f²/2)/(f − f²/2)).
    /// </summary>
    /// <remarks>McClish 1989; scikit-learn's <c>roc_auc_score(max_fpr)</c>.</remarks>
    /// <param name="largestRate">f, in (0, 1].</param>
    public double PartialArea(double largestRate)
    {
        if (!(largestRate > 0 && largestRate <= 1))
            throw new ArgumentOutOfRangeException(nameof(largestRate), largestRate, "a part of the curve ends between 0 and 1");
        var area = new CompensatedSum();
        for (var i = 1; i < Points.Count && Points[i - 1].FalsePositiveRate < largestRate; i++)
        {
            var width = Math.Min(Points[i].FalsePositiveRate, largestRate) - Points[i - 1].FalsePositiveRate;
            var end = Points[i].FalsePositiveRate <= largestRate ? Points[i].TruePositiveRate : Interpolated(largestRate);
            area.Add(width * (Points[i - 1].TruePositiveRate + end) / 2);
        }

        var chance = largestRate * largestRate / 2;
        return (1 + ((area.Total - chance) / (largestRate - chance))) / 2;
    }

    /// <summary>The least max(false-positive rate, false-negative rate) over the thresholds: the equal error rate, without interpolation.</summary>
    public double EqualErrorRate => Points.Min(p => Math.Max(p.FalsePositiveRate, 1 - p.TruePositiveRate));

    /// <summary>
    /// The points to draw the curve from: a point stays unless true and false positives both grow by as much after it as before it. Do not read a rate at a limit from
    /// these; <see cref="At"/> uses all points.
    /// </summary>
    /// <remarks>scikit-learn's <c>drop_intermediate=True</c>: second differences of the counts.</remarks>
    public IReadOnlyList<RocPoint> Corners =>
    [
        Points[0],
        .. Points.Skip(1).Where((point, i) => i == 0 || i == Points.Count - 2
            || Points[i].TruePositives + Points[i + 2].TruePositives != 2 * point.TruePositives
            || Points[i].FalsePositives + Points[i + 2].FalsePositives != 2 * point.FalsePositives),
    ];

    /// <summary>Wilson's interval of a point's true-positive rate; the threshold is held fixed, so its own uncertainty is not in it.</summary>
    public Interval IntervalAt(RocPoint point, double level = 0.95) =>
        Proportion.Wilson(point.TruePositives, Positives, level) with { Method = "Wilson, threshold held fixed" };

    /// <summary>The largest true-positive rate minus false-positive rate (Youden 1950).</summary>
    public double Youden => Points.Max(p => p.TruePositiveRate - p.FalsePositiveRate);

    /// <summary>The largest mean of true-positive rate and true-negative rate.</summary>
    public double BestBalancedAccuracy => Points.Max(p => (p.TruePositiveRate + 1 - p.FalsePositiveRate) / 2);

    /// <summary>Average precision: Σ (Rᵢ − Rᵢ₋₁)·Pᵢ over the points, precision P and recall R. A step sum, not a trapezoid.</summary>
    public double AveragePrecision
    {
        get
        {
            var sum = new CompensatedSum();
            for (var i = 1; i < Points.Count; i++)
                sum.Add((Points[i].TruePositiveRate - Points[i - 1].TruePositiveRate) * Precision(Points[i]));
            return sum.Total;
        }
    }

    /// <summary>
    /// The area under the precision-recall curve by trapezoids, from (recall 0, precision 1) on. It is too hopeful between points (Davis and Goadrich 2006): prefer
    /// <see cref="AveragePrecision"/>.
    /// </summary>
    public double PrecisionRecallTrapezoid
    {
        get
        {
            var sum = new CompensatedSum();
            for (var i = 1; i < Points.Count; i++)
                sum.Add((Points[i].TruePositiveRate - Points[i - 1].TruePositiveRate) * (Precision(Points[i]) + Precision(Points[i - 1])) / 2);
            return sum.Total;
        }
    }

    /// <summary>The precision of the items called positive at a point; 1 where there are none.</summary>
    public static double Precision(RocPoint point) =>
        point.TruePositives + point.FalsePositives == 0 ? 1 : (double)point.TruePositives / (point.TruePositives + point.FalsePositives);
}
