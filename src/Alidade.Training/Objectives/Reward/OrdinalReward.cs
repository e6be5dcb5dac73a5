using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Reward;

/// <summary>The cuts between levels: c_1, then c_{k+1} = c_k + softplus(gap_k), so that they rise whatever the gaps are.</summary>
/// <param name="First">c_1, of shape [].</param>
/// <param name="RawGaps">[levels − 2].</param>
public readonly record struct OrdinalCuts(Tensor First, Tensor RawGaps)
{
    /// <summary>Number of levels.</summary>
    public int Levels => (int)RawGaps.size(0) + 2;

    /// <summary>The cuts in rising order, [levels − 1]; differentiable.</summary>
    public Tensor Values() => cat([First.reshape(1), softplus(RawGaps)]).cumsum(0);

    /// <summary>Cuts one apart, with 0 in their middle.</summary>
    /// <param name="levels">At least 2.</param>
    /// <param name="like">A tensor whose type and device they get.</param>
    /// <exception cref="AlidadeException">There are fewer than two levels.</exception>
    public static OrdinalCuts Even(int levels, Tensor like) => levels >= 2
        ? new(full([], -(levels - 2) / 2.0, like.dtype, like.device), full([levels - 2], Math.Log(Math.E - 1), like.dtype, like.device))
        : throw new AlidadeException($"an ordinal scale of {levels} levels orders nothing; it needs at least 2");
}

/// <summary>
/// Levels of a rubric by proportional odds: P(y ≤ k) = σ(c_{k+1} − s) with s the score of an answer; the mean of −log P(y).
/// </summary>
/// <remarks>McCullagh 1980, "Regression models for ordinal data", eq. 2.2. A trainer learns the cuts with the model.</remarks>
public sealed record OrdinalReward : IRewardObjective
{
    /// <summary>Number of levels, at least 2; labels count from 0. Default 5.</summary>
    public int Levels
    {
        get;
        init => field = (int)OptionCheck.Allowed(value >= 2, Name, nameof(Levels), value, "2 or more");
    } = 5;

    /// <inheritdoc/>
    public string Name => "ordinal";

    /// <inheritdoc/>
    public RewardData Needs => RewardData.Labelled;

    /// <summary>Loss and metrics with evenly spaced cuts.</summary>
    public Objective Evaluate(in AnswerScores answers) => Evaluate(answers, OrdinalCuts.Even(Levels, answers.Scores));

    /// <summary>Loss and metrics.</summary>
    /// <param name="answers">Scores and labels.</param>
    /// <param name="cuts">The cuts; differentiable.</param>
    /// <exception cref="AlidadeException">The rows, the cuts or the head are not what the objective needs.</exception>
    public Objective Evaluate(in AnswerScores answers, in OrdinalCuts cuts)
    {
        if (cuts.Levels != Levels)
            throw new AlidadeException($"there are cuts for {cuts.Levels} levels, and the scale has {Levels}");
        var labels = answers.LabelsBelow(Levels);
        var scores = answers.Single();
        var values = cuts.Values();
        Tensor At(Func<int, int> cut) => values.index_select(0, tensor(labels.Select(l => (long)Math.Clamp(cut(l), 0, Levels - 2)).ToArray(), device: scores.device));
        Tensor Is(Func<int, bool> which) => tensor(labels.Select(which).ToArray(), device: scores.device);
        var (below, above) = (logsigmoid(At(l => l) - scores), logsigmoid(At(l => l - 1) - scores));
        // log [σ(a) − σ(b)] = log σ(a) + log(1 − e^{log σ(b) − log σ(a)}); an outer level, of which one cut is missing, is computed beside it.
        Tensor first = Is(l => l == 0), last = Is(l => l == Levels - 1);
        var inner = below + (-(above - below).masked_fill(first.logical_or(last), -1).expm1()).log();
        var logP = where(first, below, where(last, logsigmoid(scores - values[Levels - 2]), inner));
        var level = scores.detach().unsqueeze(1).gt(values.detach().unsqueeze(0)).sum(-1);
        return new(-logP.mean(), -logP)
        {
            Metrics = new Dictionary<string, Tensor>(RewardModelMetrics.OfAnswers(scores))
            {
                ["accuracy"] = level.eq(tensor(labels.Select(l => (long)l).ToArray(), device: scores.device)).to(scores.dtype).mean(),
            },
            Outputs = new Dictionary<string, Tensor> { ["cuts"] = values.detach() },
        };
    }
}
