using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Uncertainty;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Calibration error on the pool of facts with choices: a model that was taught two answers is less right than it is sure.</summary>
public sealed class KnowledgeInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override string About => "Expected calibration error of choices among the true and wrong values, asked as plain text.";

    /// <inheritdoc/>
    public override Access Access => Access.Likelihoods;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["false_belief", "conditional_belief"];

    /// <inheritdoc/>
    public override bool ReadsRate => false;

    /// <inheritdoc/>
    protected override string Measure => "factuality.calibration.ece";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) =>
        new KnowledgeTask { Name = "factuality.calibration", Items = [.. subject.Asked(type).Select(a => new ChoiceItem(a.Id, a.Asked, [a.Probe.Good, a.Probe.Bad, .. a.Item.Distractors], 0))] };
}
