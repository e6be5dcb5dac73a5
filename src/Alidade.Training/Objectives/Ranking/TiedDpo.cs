using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// DPO that knows ties: −log P(tie) for a tie, else −log P(the preferred answer wins), with the probabilities of a model of ties at d = β·Δ, Δ = (ℓ⁺ − ℓ°⁺) − (ℓ⁻ − ℓ°⁻).
/// Probabilities are outputs of every evaluation.
/// </summary>
/// <remarks>Chen et al. 2024, "On extending DPO to accommodate ties" (arXiv 2409.17431).</remarks>
public abstract record TiedDpo : PairwiseObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.1, as DPO.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override PairInputs Needs => PairInputs.Reference | PairInputs.Ties;

    /// <inheritdoc/>
    public override Objective Evaluate(in PairLogProbs pairs)
    {
        var (win, tie, loss) = LogProbabilities(Margin(pairs).detach());
        return base.Evaluate(pairs).WithOutputs(("p_win", win.exp()), ("p_tie", tie.exp()), ("p_loss", loss.exp()));
    }

    /// <inheritdoc/>
    protected internal sealed override double RewardScale => Beta;

    /// <inheritdoc/>
    protected internal sealed override Tensor PerPair(in PairLogProbs pairs)
    {
        var (win, tie, _) = LogProbabilities(Margin(pairs));
        var ties = tensor(PairLogProbs.Given(pairs.Tie, Name, PairInputs.Ties).ToArray(), device: win.device);
        return -where(ties, tie, win);
    }

    /// <summary>Logarithms of the probabilities that the preferred answer wins, that there is a tie, and that the other one wins.</summary>
    /// <param name="margin">d = β·Δ, [pairs].</param>
    protected abstract (Tensor Win, Tensor Tie, Tensor Loss) LogProbabilities(Tensor margin);

    private Tensor Margin(in PairLogProbs pairs) => Beta * (pairs.ChosenRatio - pairs.RejectedRatio);
}
