namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Reward biases as behaviours.</summary>
public sealed class RewardBiasInstrument : ModelWrittenInstrument
{
    /// <inheritdoc/>
    public override string About => "Probability of the answer with a sentence that rewards might pay for, against the one without.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["reward_bias"];

    private protected override string Behaviour => "reward-bias";
}
