using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>How the log-ratio of an answer is measured.</summary>
public enum AnswerScale
{
    /// <summary>Sum over its scored tokens.</summary>
    Sum,

    /// <summary>The sum divided by the number of its scored tokens, so that long answers weigh no more than short ones.</summary>
    TokenMean,
}

/// <summary>
/// A loss of one number for each pair, the margin Δ = s(a) − s(b) with a = ℓ⁺ − ℓ°⁺, b = ℓ⁻ − ℓ°⁻ and s(u) = f′(eᵘ) the score of a <see cref="Divergence"/>; each s
/// is divided by the length of its answer when the scale is the token mean. Reverse KL and sums give the Δ = a − b of DPO.
/// </summary>
public abstract record MarginObjective : PairwiseObjective
{
    /// <summary>The divergence from the reference that is penalised. Default reverse KL, as in DPO. Logged rewards stay β·(ℓ − ℓ°).</summary>
    public Divergence Divergence { get; init; } = new ReverseKl();

    /// <summary>How the log-ratio of an answer is measured. Default the sum, for IPO the token mean, as TRL 1.16.</summary>
    public AnswerScale Scale { get; init; }

    /// <inheritdoc/>
    protected internal sealed override Tensor PerPair(in PairLogProbs pairs)
    {
        Tensor chosen = Divergence.Score(pairs.ChosenRatio), rejected = Divergence.Score(pairs.RejectedRatio);
        return LossOf(Scale == AnswerScale.TokenMean ? (chosen / pairs.ChosenTokens) - (rejected / pairs.RejectedTokens) : chosen - rejected);
    }

    /// <summary>The loss of each pair, [pairs].</summary>
    /// <param name="margin">Δ, [pairs].</param>
    protected abstract Tensor LossOf(Tensor margin);
}
