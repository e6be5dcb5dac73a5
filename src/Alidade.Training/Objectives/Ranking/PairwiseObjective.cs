using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>An objective under which every pair has a loss of its own, and the loss of a batch is their mean. Such losses can be weighted pair by pair (<see cref="Wpo"/>).</summary>
public abstract record PairwiseObjective : IPreferenceObjective
{
    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <inheritdoc/>
    public virtual PairInputs Needs => PairInputs.Reference;

    /// <inheritdoc/>
    public virtual Objective Evaluate(in PairLogProbs pairs) => RewardMetrics.MeanWith(RewardScale, Seen(pairs), PerPair(pairs));

    /// <summary>The loss of each pair, [pairs].</summary>
    /// <param name="pairs">Log-probabilities in nats, each of shape [pairs].</param>
    protected internal abstract Tensor PerPair(in PairLogProbs pairs);

    /// <summary>The factor of the implied rewards r = scale·(ℓ − ℓ°); β of most objectives.</summary>
    protected internal abstract double RewardScale { get; }

    /// <summary>The pairs as the loss sees them; implied rewards and logged log-probabilities are measured on these.</summary>
    protected internal virtual PairLogProbs Seen(in PairLogProbs pairs) => pairs;
}
