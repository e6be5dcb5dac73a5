using System.Diagnostics;
using Alidade.Training.Trainers;

namespace Alidade.Training.Watching;

/// <summary>The line that a person sees while a model is trained: loss, what the objective logs, speed, memory, time left.</summary>
public sealed class LiveFigures
{
    // What is shown where an objective logs it, in this order.
    private static readonly (string Metric, string Shown)[] Shown =
    [
        ("reward", "reward"), ("kl_to_reference", "KL"), ("kl", "KL"), ("rewards_accuracy", "accuracy"), ("rewards_margin", "margin"), ("accuracy", "accuracy"), ("margin", "margin"),
        ("token_accuracy", "token accuracy"), ("mean_entropy", "entropy"), ("entropy", "entropy"), ("clip_fraction", "clipped"),
    ];

    private readonly Stopwatch watch = Stopwatch.StartNew();
    private long? firstTokens;
    private int updates;

    /// <summary>The line of one update.</summary>
    /// <param name="step">Its numbers.</param>
    /// <param name="planned">Updates of the whole training.</param>
    /// <param name="before">Tokens seen before this process began.</param>
    public string Of(TrainingStep step, int planned, long before)
    {
        firstTokens ??= before;
        updates++;
        var seconds = Math.Max(1e-9, watch.Elapsed.TotalSeconds);
        List<string> parts = [FormattableString.Invariant($"loss {step.Loss:f4}")];
        foreach (var (metric, shown) in Shown)
            if (step.Metrics.TryGetValue(metric, out var value) && !parts.Any(p => p.StartsWith(shown + " ", StringComparison.Ordinal)))
                parts.Add(FormattableString.Invariant($"{shown} {value:g3}"));
        parts.Add(FormattableString.Invariant($"gradient {step.GradientNorm:g3}"));
        parts.Add(FormattableString.Invariant($"{(step.Tokens - firstTokens.Value) / seconds:f0} tokens/s"));
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
