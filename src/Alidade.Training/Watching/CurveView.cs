using Alidade.Training.Trainers;

namespace Alidade.Training.Watching;

/// <summary>
/// The beginning of a curve, as it was known after one update. Every metric is a series of its own, of those updates alone that log it: what is known once a rollout has
/// one value a rollout, however many updates a rollout makes.
/// </summary>
public sealed class CurveView
{
    private readonly List<TrainingStep> steps = [];
    private readonly Dictionary<string, List<double>> series = new(StringComparer.Ordinal);

    internal CurveView()
    {
    }

    /// <summary>Known updates.</summary>
    public int Updates => steps.Count;

    /// <summary>The newest known update.</summary>
    public TrainingStep Last => steps[^1];

    /// <summary>The values of a metric, the oldest first; "loss" and "gradient_norm" are metrics too. Empty for a metric that no update has logged.</summary>
    public IReadOnlyList<double> Values(string metric) => series.GetValueOrDefault(metric) ?? [];

    /// <summary>The mean of the first values of a metric; null when there are fewer.</summary>
    /// <param name="count">How many.</param>
    /// <param name="metric">Name of the metric.</param>
    public double? First(int count, string metric) => Mean(Values(metric), 0, count);

    /// <summary>The mean of the newest values of a metric; null when there are fewer.</summary>
    /// <param name="count">How many.</param>
    /// <param name="metric">Name of the metric.</param>
    public double? Newest(int count, string metric) => Mean(Values(metric), Values(metric).Count - count, count);

    internal void Add(TrainingStep step)
    {
        steps.Add(step);
        foreach (var (name, value) in step.Metrics.Append(new("loss", step.Loss)).Append(new("gradient_norm", step.GradientNorm)))
        {
            if (!series.TryGetValue(name, out var values))
                series.Add(name, values = []);
            values.Add(value);
        }
    }

    private static double? Mean(IReadOnlyList<double> values, int from, int count)
    {
        if (values.Count < count)
            return null;
        var sum = 0.0;
        for (var i = from; i < from + count; i++)
            sum += values[i];
        return sum / count;
    }
}
