using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>Binary classifier optimisation on pairs, without the shift of rewards: −log σ(β·a) − log σ(−β·b) with a = ℓ⁺ − ℓ°⁺ and b = ℓ⁻ − ℓ°⁻.</summary>
/// <remarks>Jung et al. 2024 (arXiv 2404.04656); <c>bco_pair</c> of TRL 1.16. With single answers and the shift: <see cref="Bco"/>.</remarks>
public sealed record BcoPair : PairwiseObjective
{
    /// <summary>β &gt; 0. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override string Name => "bco_pair";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs) => -logsigmoid(Beta * pairs.ChosenRatio) - logsigmoid(-Beta * pairs.RejectedRatio);
}
