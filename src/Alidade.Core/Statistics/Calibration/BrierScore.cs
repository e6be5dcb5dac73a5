namespace Alidade.Core.Statistics.Calibration;

/// <summary>
/// The Brier score Σ (p − o)²/n and Murphy's parts of it: reliability (how far shares lie from their probability, to be small), resolution (how far shares differ, to
/// be large), uncertainty (of the outcome itself). Score = reliability − resolution + uncertainty + what varies within the bins.
/// </summary>
/// <param name="Score">The Brier score; lower is better.</param>
/// <param name="Reliability">Σ nₖ(p̄ₖ − ōₖ)²/n.</param>
/// <param name="Resolution">Σ nₖ(ōₖ − ō)²/n.</param>
/// <param name="Uncertainty">ō(1 − ō).</param>
/// <param name="WithinVariance">Σ (p − p̄ₖ)²/n; 0 where each probability is a bin.</param>
/// <param name="WithinCovariance">Σ (o − ōₖ)(p − p̄ₖ)/n; 0 where each probability is a bin.</param>
/// <param name="Count">n.</param>
/// <remarks>Brier 1950; Murphy 1973; the terms within bins Stephenson, Coelho and Jolliffe 2008: score = reliability − resolution + uncertainty + variance −
/// 2·covariance.</remarks>
public sealed record BrierScore(double Score, double Reliability, double Resolution, double Uncertainty, double WithinVariance, double WithinCovariance, int Count)
{
    /// <summary>One bin for each distinct probability.</summary>
    /// <param name="probability">Probability given to each item being right, 0 … 1.</param>
    /// <param name="correct">Whether it is.</param>
    public static BrierScore Of(IReadOnlyList<double> probability, IReadOnlyList<bool> correct)
    {
        CalibrationError.Check(probability, correct);
        return Of(probability, correct, Enumerable.Range(0, probability.Count).GroupBy(i => probability[i]).Select(g => g.ToArray()));
    }

    /// <summary>Bins of equal width, as <see cref="CalibrationError.EqualWidth"/>.</summary>
    /// <param name="probability">Probability given to each item being right, 0 … 1.</param>
    /// <param name="correct">Whether it is.</param>
    /// <param name="bins">How many bins.</param>
    public static BrierScore Binned(IReadOnlyList<double> probability, IReadOnlyList<bool> correct, int bins = 10)
    {
        CalibrationError.Check(probability, correct);
        return Of(probability, correct, CalibrationError.WidthBins(probability, bins).Select(b => b.Items));
    }

    /// <summary>The score over classes: the mean of Σ_k (pₖ − [k is the class])², 0 … 2. lm-evaluation-harness' <c>brier_score</c>.</summary>
    /// <param name="probabilities">Probabilities of the classes, a list an item.</param>
    /// <param name="classes">The class of each item.</param>
    public static double OfClasses(IReadOnlyList<IReadOnlyList<double>> probabilities, IReadOnlyList<int> classes)
    {
        if (probabilities.Count == 0 || probabilities.Count != classes.Count)
            throw new ArgumentException($"{probabilities.Count} predictions and {classes.Count} classes: as many of both are needed, one at least", nameof(classes));
        return probabilities.Zip(classes).Average(item => item.First.Select((p, k) => (p - (k == item.Second ? 1 : 0)) * (p - (k == item.Second ? 1 : 0))).Sum());
    }

    private static BrierScore Of(IReadOnlyList<double> probability, IReadOnlyList<bool> correct, IEnumerable<int[]> bins)
    {
        double n = probability.Count, overall = correct.Count(c => c) / n;
        double score = 0, reliability = 0, resolution = 0, variance = 0, covariance = 0;
        foreach (var bin in bins)
        {
            double mean = bin.Average(i => probability[i]), share = bin.Count(i => correct[i]) / (double)bin.Length;
            reliability += bin.Length * (mean - share) * (mean - share);
            resolution += bin.Length * (share - overall) * (share - overall);
            foreach (var i in bin)
            {
                var outcome = correct[i] ? 1.0 : 0.0;
                score += (probability[i] - outcome) * (probability[i] - outcome);
                variance += (probability[i] - mean) * (probability[i] - mean);
                covariance += (outcome - share) * (probability[i] - mean);
            }
        }

        return new BrierScore(score / n, reliability / n, resolution / n, overall * (1 - overall), variance / n, covariance / n, probability.Count);
    }
}
