using System.Diagnostics;
using Alidade.Training.Trainers;

namespace Alidade.Training.Watching;

/// <summary>The line that a person sees while a model is trained: loss, what the objective logs, speed, memory, time left.</summary>
/// <param name="before">Tokens seen before this process began.</param>
/// <param name="planned">Updates of the whole training.</param>
internal sealed class LiveFigures(long before, int planned)
{
    // What is shown where an objective logs it, in this order.
    private static readonly (string Metric, string Shown)[] Shown =
    [
        ("reward", "reward"), ("kl_to_reference", "KL"), ("kl", "KL"), ("rewards_accuracy", "accuracy"), ("rewards_margin", "margin"), ("accuracy", "accuracy"), ("margin", "margin"),
        ("token_accuracy", "token accuracy"), ("mean_entropy", "entropy"), ("entropy", "entropy"), ("clip_fraction", "clipped"), ("clip_ratio", "clipped"),
    ];

    private readonly Stopwatch watch = Stopwatch.StartNew();

    // What is logged once a rollout is shown until the next one.
    private readonly Dictionary<string, double> known = new(StringComparer.Ordinal);
    private int updates;

    /// <summary>The line of one update.</summary>
    public string Of(TrainingStep step)
    {
        updates++;
        var seconds = Math.Max(1e-9, watch.Elapsed.TotalSeconds);
        List<string> parts = [FormattableString.Invariant($"loss {step.Loss:f4}")];
        var shownAlready = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (metric, shown) in Shown)
        {
            if (step.Metrics.TryGetValue(metric, out var value))
                known[metric] = value;
            if (known.TryGetValue(metric, out value) && shownAlready.Add(shown))
                parts.Add(FormattableString.Invariant($"{shown} {value:g3}"));
        }

        parts.Add(FormattableString.Invariant($"gradient {step.GradientNorm:g3}"));
        parts.Add(FormattableString.Invariant($"{(step.Tokens - before) / seconds:f0} tokens/s"));
        parts.Add(FormattableString.Invariant($"{Environment.WorkingSet / 1e9:f1} GB"));
        if (planned > step.Update)
            parts.Add(Left(seconds / updates * (planned - step.Update)));
        return string.Join("  ", parts);
    }

    private static string Left(double seconds)
    {
        var left = TimeSpan.FromSeconds(Math.Min(1e9, seconds));
        return FormattableString.Invariant($"{Math.Floor(left.TotalHours)}:{left.Minutes:d2}:{left.Seconds:d2} left");
    }
}
