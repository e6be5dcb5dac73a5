using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Noise contrastive alignment on pairs: −log σ(β·a) − ½·log σ(−β·a) − ½·log σ(−β·b) with the log-ratios a = ℓ⁺ − ℓ°⁺ and b = ℓ⁻ − ℓ°⁻; it holds the likelihood of the
/// preferred answer up, where DPO only widens the gap.
/// </summary>
/// <remarks>Chen et al. 2024 (arXiv 2402.05369), with two answers of reward 1 and 0.</remarks>
public sealed record NcaPair : PairwiseObjective
{
    /// <summary>β &gt; 0. Default 0.01, as TRL's documentation advises for this loss.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.01;

    /// <inheritdoc/>
    public override string Name => "nca_pair";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs)
    {
        Tensor a = Beta * pairs.ChosenRatio, b = Beta * pairs.RejectedRatio;
        return -logsigmoid(a) - (0.5 * logsigmoid(-a)) - (0.5 * logsigmoid(-b));
    }
}
