using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>What the likelihood of an answer is measured against when it becomes a weight.</summary>
public enum WeightAlignment
{
    /// <summary>Its own probability alone: w = exp(mean log π(token)).</summary>
    None,

    /// <summary>What a sample of the policy would have in expectation: w = exp(mean (log π(token) − log Σ_v π(v)²)); it can exceed 1.</summary>
    Sampled,
}

/// <summary>
/// Weighted preference optimisation: w⁺·w⁻ times the loss of each pair, w the likelihood of an answer under the policy, without gradient, so that preferences count as
/// much as they are about answers that the policy would give.
/// </summary>
/// <remarks>
/// Zhou et al. 2024 (arXiv 2406.11827), eq. 2. open-instruct multiplies log-probabilities that are summed already by a mask of tokens, which makes exp(sum) of
/// exp(mean); TRL 1.16 cannot run it with the hinge.
/// </remarks>
public sealed record Wpo : PairwiseObjective
{
    /// <summary>The loss of a pair. Default DPO.</summary>
    public PairwiseObjective Base { get; init; } = new Dpo();

    /// <summary>What likelihoods are measured against. Default a sample of the policy, as the paper's best form and TRL 1.16.</summary>
    public WeightAlignment Alignment { get; init; } = WeightAlignment.Sampled;

    /// <summary>Upper bound &gt; 0 of the weight of a pair; null for none, as the paper and TRL. open-instruct takes 1.</summary>
    public double? MaxWeight { get; init => field = value is { } bound ? OptionCheck.Positive(Name, bound) : null; }

    /// <inheritdoc/>
    public override string Name => "wpo";

    /// <inheritdoc/>
    public override PairInputs Needs => Base.Needs | (Alignment == WeightAlignment.Sampled ? PairInputs.Collision : PairInputs.None);

    /// <inheritdoc/>
    public override Objective Evaluate(in PairLogProbs pairs) => base.Evaluate(pairs).WithOutputs(("weights", Weights(pairs)));

    /// <inheritdoc/>
    protected internal override double RewardScale => Base.RewardScale;

    /// <inheritdoc/>
    protected internal override Tensor PerPair(in PairLogProbs pairs) => Weights(pairs) * Base.PerPair(pairs);

    /// <inheritdoc/>
    protected internal override PairLogProbs Seen(in PairLogProbs pairs) => Base.Seen(pairs);

    private Tensor Weights(in PairLogProbs pairs)
    {
        Tensor chosen = pairs.PolicyChosen.detach(), rejected = pairs.PolicyRejected.detach();
        if (Alignment == WeightAlignment.Sampled)
        {
            chosen -= PairLogProbs.Given(pairs.ChosenCollision, Name, PairInputs.Collision);
            rejected -= PairLogProbs.Given(pairs.RejectedCollision, Name, PairInputs.Collision);
        }

        var weights = ((chosen / pairs.ChosenTokens) + (rejected / pairs.RejectedTokens)).exp();
        return MaxWeight is { } bound ? weights.clamp(max: bound) : weights;
    }
}
