namespace Alidade.Core.Statistics;

/// <summary>Precision, recall and F1 of one class or of an average over classes.</summary>
/// <param name="Precision">Right ones among those called so; 0 when none was called so.</param>
/// <param name="Recall">Right ones among those that are so; 0 when none is so.</param>
/// <param name="F1">2PR/(P + R); 0 when both are 0.</param>
/// <param name="Support">Items that are so; of an average all items.</param>
public sealed record ClassScores(double Precision, double Recall, double F1, int Support);

/// <summary>The table of true against predicted classes, and the scores read from it.</summary>
/// <param name="Counts">Counts[i][j]: items of class i that were called j.</param>
/// <remarks>A ratio without items is 0, as scikit-learn has it with <c>zero_division=0</c>: a class that is never called has not been found. Supports and
/// <see cref="Counts"/> tell it from a class that is always called wrongly.</remarks>
public sealed record Confusion(IReadOnlyList<IReadOnlyList<int>> Counts)
{
    /// <summary>The table.</summary>
    /// <param name="truth">Class of each item, 0 … classes − 1.</param>
    /// <param name="predicted">Predicted class of each item.</param>
    /// <param name="classes">How many classes there are.</param>
    /// <exception cref="ArgumentException">There are no items, or the lists differ in length.</exception>
    public static Confusion Of(IReadOnlyList<int> truth, IReadOnlyList<int> predicted, int classes)
    {
        if (truth.Count == 0 || truth.Count != predicted.Count)
            throw new ArgumentException($"{truth.Count} classes and {predicted.Count} predictions: as many of both are needed, one at least", nameof(predicted));
        var counts = new int[classes][];
        for (var i = 0; i < classes; i++)
            counts[i] = new int[classes];
        foreach (var (t, p) in truth.Zip(predicted))
            counts[t][p]++;
        return new Confusion(counts);
    }

    /// <summary>Items.</summary>
    public int Count => Counts.Sum(r => r.Sum());

    /// <summary>Share of items called rightly.</summary>
    public double Accuracy => (double)Right / Count;

    /// <summary>The mean recall of the classes that have items.</summary>
    public double BalancedAccuracy => PerClass.Where(c => c.Support > 0).Average(c => c.Recall);

    /// <summary>
    /// Matthews' correlation (c·s − Σ pₖtₖ)/√((s² − Σ pₖ²)(s² − Σ tₖ²)), c of s items right, tₖ items of a class, pₖ called so; 0 when all items are, or are called,
    /// of one class.
    /// </summary>
    /// <remarks>Matthews 1975; for many classes Gorodkin 2004.</remarks>
    public double MatthewsCorrelation
    {
        get
        {
            double s = Count, tp = 0, tt = 0, pp = 0;
            for (var k = 0; k < Counts.Count; k++)
            {
                double t = Counts[k].Sum(), p = Called(k);
                tp += t * p;
                tt += t * t;
                pp += p * p;
            }

            var scale = Math.Sqrt(((s * s) - pp) * ((s * s) - tt));
            return scale == 0 ? 0 : ((Right * s) - tp) / scale;
        }
    }

    /// <summary>The scores of each class.</summary>
    public IReadOnlyList<ClassScores> PerClass => [.. Enumerable.Range(0, Counts.Count).Select(k => Scores(Counts[k][k], Called(k), Counts[k].Sum()))];

    /// <summary>The mean over classes, each with equal weight.</summary>
    public ClassScores Macro => Averaged(_ => 1);

    /// <summary>The mean over classes, each weighted by its support.</summary>
    public ClassScores Weighted => Averaged(c => c.Support);

    /// <summary>Scores of all items together; with one class an item all three are the accuracy.</summary>
    public ClassScores Micro => Scores(Right, Count, Count);

    private int Right => Enumerable.Range(0, Counts.Count).Sum(k => Counts[k][k]);

    private int Called(int k) => Counts.Sum(r => r[k]);

    private static ClassScores Scores(int right, int called, int support) => new(Ratio(right, called), Ratio(right, support), Ratio(2 * right, called + support), support);

    private static double Ratio(int part, int whole) => whole == 0 ? 0 : (double)part / whole;

    private ClassScores Averaged(Func<ClassScores, double> weight)
    {
        var classes = PerClass;
        var total = classes.Sum(weight);
        double Average(Func<ClassScores, double> score) => classes.Sum(c => weight(c) * score(c)) / total;
        return new ClassScores(Average(c => c.Precision), Average(c => c.Recall), Average(c => c.F1), Count);
    }
}
