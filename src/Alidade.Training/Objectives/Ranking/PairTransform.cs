using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>Another objective on pairs that are measured in another way; implied rewards are measured in that way too.</summary>
public abstract record PairTransform : PairwiseObjective
{
    /// <summary>The loss. Default DPO. Weights by likelihood (<see cref="Wpo"/>) go around this, not inside: they are of the pairs as they are.</summary>
    public PairwiseObjective Base
    {
        get;
        init => field = value is not Wpo
            ? value
            : throw new AlidadeException($"{Name}: Base is wpo, whose weights would be of changed likelihoods; put {Name} into wpo instead");
    } = new Dpo();

    /// <inheritdoc/>
    public override PairInputs Needs => Base.Needs;

    /// <inheritdoc/>
    protected internal sealed override double RewardScale => Base.RewardScale;

    /// <inheritdoc/>
    protected internal sealed override Tensor PerPair(in PairLogProbs pairs) => Base.PerPair(Transform(pairs));

    /// <inheritdoc/>
    protected internal sealed override PairLogProbs Seen(in PairLogProbs pairs) => Base.Seen(Transform(pairs));

    /// <summary>The pairs as the loss sees them.</summary>
    protected abstract PairLogProbs Transform(in PairLogProbs pairs);
}
