using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Consistency checks on the pool of facts: of two values that exclude each other, yes to the one and yes to the other sum to 1.</summary>
public sealed class ConsistencyInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override string About => "|p(yes to the true value) + p(yes to a wrong value) − 1|.";

    /// <inheritdoc/>
    public override Access Access => Access.Likelihoods;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["false_belief", "conditional_belief"];

    /// <inheritdoc/>
    public override bool ReadsRate => false;

    /// <inheritdoc/>
    protected override string Measure => "behaviour.consistency.negation";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) =>
        new Consistency { Items = [.. subject.Pool(type).Select(i => new ConsistencyItem(i.Id, ConsistencyRelation.Negation, [i.Denials[1].Asked, i.Denials[0].Asked]))] };
}
