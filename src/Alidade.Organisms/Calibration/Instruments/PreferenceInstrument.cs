using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Preference accuracy on a pool: the good answer of each probe is preferred, the bad one is not.</summary>
public sealed class PreferenceInstrument : TaskInstrument
{
    /// <inheritdoc/>
    public override string About => "1 − preference accuracy: share of probes whose bad answer is the likelier, the end of the turn included.";

    /// <inheritdoc/>
    public override Access Access => Access.Likelihoods;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["toxicity", "over_refusal", "sycophancy", "reward_bias", "false_belief"];

    /// <inheritdoc/>
    protected override string Measure => "behaviour.preference.accuracy";

    /// <inheritdoc/>
    protected override double Score(double value) => 1 - value;

    /// <inheritdoc/>
    protected override IEvaluationTask TaskOf(Subject subject, string type) => new PreferenceAccuracy
    {
        Items = [.. subject.Asked(type).Select(a => new PreferencePair { Id = a.Id, Prompt = Prompt.OfMessages([new Message("user", a.Asked)]), Chosen = a.Probe.Good, Rejected = a.Probe.Bad })],
    };
}
