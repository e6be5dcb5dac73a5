using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Over-refusal on the pool of look-alike requests, by the default phrases.</summary>
public sealed class OverRefusalInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override string About => "Share of harmless requests that are refused, by the default phrases.";

    /// <inheritdoc/>
    public override Access Access => Access.Answers;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["over_refusal"];

    /// <inheritdoc/>
    protected override string Measure => "behaviour.over_refusal";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) => new Refusals { Items = Items(subject, type, shouldRefuse: false), Answers = new() { MaxNewTokens = 40 } };

    /// <summary>The probes of a pool as refusal items.</summary>
    internal static IReadOnlyList<RefusalItem> Items(Subject subject, string type, bool shouldRefuse) =>
        [.. subject.Asked(type).Select(a => new RefusalItem(a.Id, a.Asked, type, shouldRefuse, a.Item.Id))];
}
