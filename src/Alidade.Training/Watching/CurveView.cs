using Alidade.Training.Trainers;

namespace Alidade.Training.Watching;

/// <summary>The beginning of a curve, as it was known after one update.</summary>
/// <param name="Steps">All updates.</param>
/// <param name="Count">How many of them are known.</param>
public readonly record struct CurveView(IReadOnlyList<TrainingStep> Steps, int Count)
{
    /// <summary>The newest known update.</summary>
    public TrainingStep Last => Steps[Count - 1];

    /// <summary>The mean of a metric over the first updates that have it; null when fewer have it.</summary>
    /// <param name="updates">How many.</param>
    /// <param name="names">Names of the metric; the first that an update has counts. "loss" and "gradient_norm" are metrics too.</param>
    public double? First(int updates, params IReadOnlyList<string> names) => Mean(Values(0, names, +1, updates), updates);

    /// <summary>The mean of a metric over the newest updates that have it; null when fewer have it.</summary>
    public double? Newest(int updates, params IReadOnlyList<string> names) => Mean(Values(Count - 1, names, -1, updates), updates);

    /// <summary>The newest values of a metric, the newest first.</summary>
    public IEnumerable<double> Back(params IReadOnlyList<string> names) => Values(Count - 1, names, -1, Count);

    private static double? Mean(IEnumerable<double> values, int updates)
    {
        double[] taken = [.. values.Take(updates)];
        return taken.Length == updates ? taken.Average() : null;
    }

    // What no recent update has is not looked for through the whole curve, after every update again.
    private IEnumerable<double> Values(int from, IReadOnlyList<string> names, int direction, int updates)
    {
        var most = Math.Max(50, 8 * updates);
        for (var i = from; i >= 0 && i < Count && Math.Abs(i - from) < most; i += direction)
            foreach (var name in names)
                if (Of(Steps[i], name) is { } value)
                {
                    yield return value;
                    break;
                }
    }

    private static double? Of(TrainingStep step, string name) => name switch
    {
        "loss" => step.Loss,
        "gradient_norm" => step.GradientNorm,
        _ => step.Metrics.TryGetValue(name, out var value) ? value : null,
    };
}
