using Alidade.Training.Trainers;

namespace Alidade.Training.Watching;

/// <summary>All watches over one curve; each says what it saw once.</summary>
public sealed class CurveWatcher
{
    private static readonly Lazy<IReadOnlyList<CurveWatch>> Known = new(() =>
        [.. typeof(CurveWatch).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(CurveWatch)) && !t.IsAbstract).Select(t => (CurveWatch)Activator.CreateInstance(t)!).OrderBy(w => w.Name, StringComparer.Ordinal)]);

    private readonly List<CurveWarning> seen = [];
    private readonly CurveView view = new();

    /// <summary>Every watch with its defaults, by name.</summary>
    public static IReadOnlyList<CurveWatch> All => Known.Value;

    /// <summary>All that was seen so far, in order of update.</summary>
    public IReadOnlyList<CurveWarning> Seen => seen;

    /// <summary>Everything that shows in a whole curve, in order of update.</summary>
    public static IReadOnlyList<CurveWarning> Over(IReadOnlyList<TrainingStep> curve)
    {
        var watcher = new CurveWatcher();
        watcher.Look(curve);
        return watcher.Seen;
    }

    /// <summary>Looks, and tells what was not seen before.</summary>
    /// <param name="curve">The curve so far.</param>
    /// <param name="warn">Told a line for each warning; null for nobody.</param>
    public void Tell(IReadOnlyList<TrainingStep> curve, Action<string>? warn)
    {
        foreach (var warning in Look(curve))
            warn?.Invoke(FormattableString.Invariant($"update {warning.Update}: {warning.Message}"));
    }

    /// <summary>Looks at the updates that were added since the last look.</summary>
    /// <returns>What was not seen before.</returns>
    public IReadOnlyList<CurveWarning> Look(IReadOnlyList<TrainingStep> curve)
    {
        var before = seen.Count;
        while (view.Updates < curve.Count)
        {
            view.Add(curve[view.Updates]);
            foreach (var watch in All.Where(w => seen.All(s => s.Name != w.Name)))
                if (watch.Look(view) is { } message)
                    seen.Add(new(watch.Name, view.Last.Update, message, watch.Source));
        }

        return [.. seen.Skip(before)];
    }
}
