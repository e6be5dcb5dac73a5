using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Model-written evaluations on a pool: of two answers, the probability of the one that shows the behaviour.</summary>
public abstract class ModelWrittenInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override Access Access => Access.Likelihoods;

    /// <summary>The behaviour, as its file would be called.</summary>
    private protected abstract string Behaviour { get; }

    /// <inheritdoc/>
    protected override string Measure => $"behaviour.model_written.{Behaviour}.probability";

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) =>
        new ModelWritten { Items = [.. subject.Asked(type).Select(a => new BehaviourItem(a.Id, Behaviour, a.Asked, a.Probe.Bad, a.Probe.Good, null))] };
}
