namespace Alidade.Core.Statistics.Calibration;

/// <summary>The negative log-likelihood of outcomes, in nats per item.</summary>
public static class LogLoss
{
    /// <summary>−Σ ln(probability given to what happened)/n, each probability at least <paramref name="floor"/>.</summary>
    /// <param name="probability">Probability given to each item being right, 0 … 1.</param>
    /// <param name="correct">Whether it is.</param>
    /// <param name="floor">An item that was held impossible costs −ln floor instead of infinity; 0 for infinity.</param>
    public static double Of(IReadOnlyList<double> probability, IReadOnlyList<bool> correct, double floor = 1e-15)
    {
        CalibrationError.Check(probability, correct);
        return -Mean.Value([.. probability.Zip(correct, (p, right) => Math.Log(Math.Max(floor, right ? p : 1 - p)))]);
    }

    /// <summary>−Σ ln(probability given to the class)/n.</summary>
    /// <param name="probabilities">Probabilities of the classes, a list an item.</param>
    /// <param name="classes">The class of each item.</param>
    public static double OfClasses(IReadOnlyList<IReadOnlyList<double>> probabilities, IReadOnlyList<int> classes)
    {
        if (probabilities.Count != classes.Count)
            throw new ArgumentException($"{probabilities.Count} predictions and {classes.Count} classes: as many of both are needed", nameof(classes));
        return -Mean.Value([.. probabilities.Zip(classes, (p, k) => Math.Log(p[k]))]);
    }
}
