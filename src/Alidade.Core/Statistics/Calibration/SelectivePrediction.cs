namespace Alidade.Core.Statistics.Calibration;

/// <summary>
/// Answering only the surest items: the risk (share of errors) among the k most confident, for every k. Ties keep the order of the items, so shuffle items that carry
/// meaning in their order.
/// </summary>
/// <param name="Risk">Risk[k − 1]: share of errors among the k most confident.</param>
/// <param name="Errors">Errors among all.</param>
/// <remarks>El-Yaniv and Wiener 2010; Geifman, Uziel and El-Yaniv 2019 (arXiv 1805.08206).</remarks>
public sealed record SelectivePrediction(IReadOnlyList<double> Risk, int Errors)
{
    /// <summary>The curve.</summary>
    /// <param name="confidence">Confidence of each item; any number, higher is surer.</param>
    /// <param name="correct">Whether it is right.</param>
    /// <exception cref="ArgumentException">There are no items, the lists differ in length, or a confidence is NaN.</exception>
    public static SelectivePrediction Of(IReadOnlyList<double> confidence, IReadOnlyList<bool> correct)
    {
        if (confidence.Count == 0 || confidence.Count != correct.Count || confidence.Any(double.IsNaN))
            throw new ArgumentException($"{confidence.Count} confidences and {correct.Count} outcomes: as many of both are needed, one at least, none NaN", nameof(correct));
        var risk = new double[confidence.Count];
        var errors = 0;
        foreach (var (place, i) in Enumerable.Range(0, confidence.Count).OrderByDescending(i => confidence[i]).Index())
        {
            errors += correct[i] ? 0 : 1;
            risk[place] = errors / (place + 1.0);
        }

        return new SelectivePrediction(risk, errors);
    }

    /// <summary>Items.</summary>
    public int Count => Risk.Count;

    /// <summary>The area under the risk-coverage curve: the mean of <see cref="Risk"/>. Lower is better.</summary>
    public double Area => Mean.Value([.. Risk]);

    /// <summary>The least area with as many errors: all errors last.</summary>
    public double LeastArea => Enumerable.Range(1, Errors).Sum(e => e / (double)(Count - Errors + e)) / Count;

    /// <summary>The area above <see cref="LeastArea"/>: what better ordering could gain.</summary>
    public double ExcessArea => Area - LeastArea;

    /// <summary>The area above r + (1 − r)·ln(1 − r), the least area of endlessly many items with a risk of r; NaN when every item is wrong.</summary>
    public double ExcessAreaInLimit
    {
        get
        {
            var right = 1 - ((double)Errors / Count);
            return right == 0 ? double.NaN : Area - (1 - right + (right * Math.Log(right)));
        }
    }

    /// <summary>The accuracy of the surest share of the items, ⌈share·n⌉ of them.</summary>
    /// <param name="coverage">Share, in (0, 1].</param>
    public double AccuracyAt(double coverage)
    {
        if (!(coverage > 0 && coverage <= 1))
            throw new ArgumentOutOfRangeException(nameof(coverage), coverage, "a coverage lies above 0 and is at most 1");
        return 1 - Risk[Math.Clamp((int)Math.Ceiling(coverage * Count), 1, Count) - 1];
    }

    /// <summary>HELM's accuracy of the surest tenth: of ⌊n/10⌋ items.</summary>
    /// <exception cref="InvalidOperationException">There are fewer than ten items.</exception>
    public double AccuracyOfSurestTenth => (int)(0.1 * Count) is > 0 and var k ? 1 - Risk[k - 1]
        : throw new InvalidOperationException($"{Count} items have no tenth");
}
