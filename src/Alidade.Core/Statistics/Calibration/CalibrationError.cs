namespace Alidade.Core.Statistics.Calibration;

/// <summary>Items of about the same confidence.</summary>
/// <param name="Index">Number of the bin, from 0; empty bins are left out.</param>
/// <param name="Count">Items.</param>
/// <param name="Confidence">Their mean confidence.</param>
/// <param name="Accuracy">The share of them that is right.</param>
public sealed record CalibrationBin(int Index, int Count, double Confidence, double Accuracy);

/// <summary>
/// How far confidence lies from accuracy, over bins: the expected calibration error is Σ nᵦ/n·|accuracyᵦ − confidenceᵦ|. It depends on the bins, so they belong to the
/// number; with one bin it says only how far mean confidence lies from accuracy.
/// </summary>
/// <param name="Bins">The bins that hold items.</param>
/// <param name="Count">n.</param>
/// <param name="Method">How the bins were made.</param>
/// <remarks>Naeini, Cooper and Hauskrecht 2015; Guo et al. 2017 (arXiv 1706.04599), equation 3.</remarks>
public sealed record CalibrationError(IReadOnlyList<CalibrationBin> Bins, int Count, string Method)
{
    /// <summary>The expected calibration error (ECE).</summary>
    public double Expected => Bins.Sum(b => b.Count * Gap(b)) / Count;

    /// <summary>The largest gap of a bin (MCE); a bin of few items makes it large by chance.</summary>
    public double Maximum => Bins.Max(Gap);

    /// <summary>√(Σ nᵦ/n·gap²).</summary>
    public double RootMeanSquare => Math.Sqrt(Bins.Sum(b => b.Count * Gap(b) * Gap(b)) / Count);

    /// <summary>Bins of equal width: (i/B, (i + 1)/B], and 0 belongs to the first.</summary>
    /// <param name="confidence">Confidence of each item, 0 … 1.</param>
    /// <param name="correct">Whether it is right.</param>
    /// <param name="bins">B.</param>
    public static CalibrationError EqualWidth(IReadOnlyList<double> confidence, IReadOnlyList<bool> correct, int bins = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        Check(confidence, correct);
        var groups = WidthBins(confidence, bins);
        return new CalibrationError([.. groups.Select(g => Bin(g.Index, g.Items, confidence, correct))], confidence.Count, $"{bins} bins of equal width");
    }

    /// <summary>Bins of equally many items, in ascending order of confidence; the first n mod B hold one more.</summary>
    /// <param name="confidence">Confidence of each item, 0 … 1.</param>
    /// <param name="correct">Whether it is right.</param>
    /// <param name="bins">B.</param>
    public static CalibrationError EqualMass(IReadOnlyList<double> confidence, IReadOnlyList<bool> correct, int bins = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(bins);
        Check(confidence, correct);
        var order = Enumerable.Range(0, confidence.Count).OrderBy(i => confidence[i]).ToArray();
        return new CalibrationError(MassBins(order, confidence, correct, bins), confidence.Count, $"{bins} bins of equally many items");
    }

    /// <summary>Bins of equally many items, as many as can be had while accuracy does not fall from one bin to the next.</summary>
    /// <remarks>Roelofs et al. 2022 (arXiv 2012.08668), algorithm 1: less biased than a fixed number of bins.</remarks>
    /// <param name="confidence">Confidence of each item, 0 … 1.</param>
    /// <param name="correct">Whether it is right.</param>
    public static CalibrationError Sweep(IReadOnlyList<double> confidence, IReadOnlyList<bool> correct)
    {
        Check(confidence, correct);
        var order = Enumerable.Range(0, confidence.Count).OrderBy(i => confidence[i]).ToArray();
        var best = MassBins(order, confidence, correct, 1);
        for (var bins = 2; bins <= confidence.Count; bins++)
        {
            var next = MassBins(order, confidence, correct, bins);
            if (next.Zip(next.Skip(1)).Any(pair => pair.First.Accuracy > pair.Second.Accuracy))
                break;
            best = next;
        }

        return new CalibrationError(best, confidence.Count, $"{best.Length} bins of equally many items, the most with rising accuracy");
    }

    internal static IEnumerable<(int Index, int[] Items)> WidthBins(IReadOnlyList<double> confidence, int bins) =>
        Enumerable.Range(0, confidence.Count)
            .GroupBy(i => Math.Clamp((int)Math.Ceiling(confidence[i] * bins) - 1, 0, bins - 1))
            .OrderBy(g => g.Key)
            .Select(g => (g.Key, g.ToArray()));

    internal static void Check(IReadOnlyList<double> confidence, IReadOnlyList<bool> correct)
    {
        if (confidence.Count == 0 || confidence.Count != correct.Count)
            throw new ArgumentException($"{confidence.Count} confidences and {correct.Count} outcomes: as many of both are needed, one at least", nameof(correct));
        foreach (var value in confidence)
            if (!(value >= 0 && value <= 1))
                throw new ArgumentException($"{value} is no confidence between 0 and 1", nameof(confidence));
    }

    private static double Gap(CalibrationBin bin) => Math.Abs(bin.Accuracy - bin.Confidence);

    private static CalibrationBin[] MassBins(int[] order, IReadOnlyList<double> confidence, IReadOnlyList<bool> correct, int bins)
    {
        var made = new List<CalibrationBin>(Math.Min(bins, order.Length));
        for (int bin = 0, start = 0; bin < bins && start < order.Length; bin++)
        {
            var size = (order.Length / bins) + (bin < order.Length % bins ? 1 : 0);
            made.Add(Bin(bin, order.AsSpan(start, size).ToArray(), confidence, correct));
            start += size;
        }

        return [.. made];
    }

    private static CalibrationBin Bin(int index, int[] items, IReadOnlyList<double> confidence, IReadOnlyList<bool> correct) =>
        new(index, items.Length, items.Average(i => confidence[i]), items.Count(i => correct[i]) / (double)items.Length);
}
