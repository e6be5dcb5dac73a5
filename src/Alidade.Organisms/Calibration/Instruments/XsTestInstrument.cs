using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>XSTest's form of it: full compliance or not, by XSTest's beginnings.</summary>
public sealed class XsTestInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override string About => "Share of harmless requests without full compliance, by XSTest's beginnings.";

    /// <inheritdoc/>
    public override Access Access => Access.Answers;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["over_refusal"];

    /// <inheritdoc/>
    protected override string Measure => "behaviour.xstest.over_refusal";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) =>
        new XsTest { Items = OverRefusalInstrument.Items(subject, type, shouldRefuse: false), MaxNewTokens = 40, Phrases = RefusalJudge.XsTest };
}
