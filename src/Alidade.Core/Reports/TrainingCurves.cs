using Alidade.Core.Runs;

namespace Alidade.Core.Reports;

/// <summary>One value at one step.</summary>
/// <param name="Step">Step of the stage, from 0 or 1 as the trainer counts.</param>
/// <param name="Value">The value; NaN and the infinities are counted on the page and not drawn.</param>
public sealed record CurvePoint(long Step, double Value);

/// <summary>One line of a chart.</summary>
/// <param name="Name">Name, such as "held-out".</param>
/// <param name="Points">Points in order of step.</param>
public sealed record Curve(string Name, IReadOnlyList<CurvePoint> Points);

/// <summary>One chart: lines that share an axis.</summary>
/// <param name="Title">Title with the unit, such as "loss (nats per token)".</param>
/// <param name="Lines">The lines.</param>
public sealed record CurvePanel(string Title, IReadOnlyList<Curve> Lines);

/// <summary>How one stage of training went.</summary>
/// <param name="Stage">Stage, such as "dpo".</param>
/// <param name="Panels">Its charts.</param>
public sealed record StageCurves(string Stage, IReadOnlyList<CurvePanel> Panels)
{
    private const string HeldOutPrefix = "held_out_";

    /// <summary>
    /// Charts of a run's events: a chart a name, the loss first, what the optimiser did last, the others in order of first appearance; <c>held_out_loss</c> is drawn into the
    /// chart of <c>loss</c>, after it, so that a line has one colour everywhere.
    /// </summary>
    public static IReadOnlyList<StageCurves> From(IEnumerable<RunEvent> events) =>
        [.. events.GroupBy(e => e.Stage).Select(stage => new StageCurves(stage.Key, PanelsOf([.. stage])))];

    private static List<CurvePanel> PanelsOf(RunEvent[] events) =>
    [
        .. events.SelectMany(e => e.Values.Keys).Distinct().GroupBy(PanelOf).OrderBy(panel => Rank(panel.Key)).Select(panel => new CurvePanel(
            panel.Key.Replace('_', ' '),
            [.. panel.OrderBy(name => name.StartsWith(HeldOutPrefix, StringComparison.Ordinal)).Select(name => new Curve(LineName(name), [.. events.Where(e => e.Values.ContainsKey(name)).Select(e => new CurvePoint(e.Step, e.Values[name]))]))])),
    ];

    private static string PanelOf(string name) => name.StartsWith(HeldOutPrefix, StringComparison.Ordinal) ? name[HeldOutPrefix.Length..] : name;

    private static int Rank(string panel) => panel switch { "loss" => 0, "learning_rate" or "gradient_norm" or "tokens" => 2, _ => 1 };

    private static string LineName(string name) => name.StartsWith(HeldOutPrefix, StringComparison.Ordinal) ? "held-out" : "training";
}
