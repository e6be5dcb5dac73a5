using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>The score of an answer minus a constant: REINFORCE with a baseline that is known, such as ½ for the probability of winning.</summary>
/// <remarks>Williams 1992. A KL that is in the reward counts for the whole answer: the unbiased score-function form.</remarks>
public sealed record ConstantBaseline : IAdvantageEstimator
{
    /// <summary>The constant. Default 0.</summary>
    public double Value { get; init => field = OptionCheck.Finite("constant_baseline", value); }

    /// <inheritdoc/>
    public string Name => "constant_baseline";

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout) => new(rollout.Scores - Value);
}
