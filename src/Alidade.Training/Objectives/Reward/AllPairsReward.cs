using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Reward;

/// <summary>
/// A reward model of ranked lists, all pairs of a list at once: −1/C(K, 2)·Σ_{i&lt;j} log σ(s_i − s_j) with the answers best first; the mean over the lists.
/// </summary>
/// <remarks>Ouyang et al. 2022 (InstructGPT, arXiv 2203.02155), eq. 1. The pairs of a list stay in one batch, as there; lists may differ in length.</remarks>
public sealed record AllPairsReward : IRewardObjective
{
    /// <inheritdoc/>
    public string Name => "reward_all_pairs";

    /// <inheritdoc/>
    public RewardData Needs => RewardData.RankedLists;

    /// <inheritdoc/>
    public Objective Evaluate(in AnswerScores answers)
    {
        var lists = answers.Lists().ToArray();
        var loss = stack(lists.Select(OfList));
        return new(loss.mean(), loss) { Metrics = Ranked.MetricsOf(answers, lists) };
    }

    private static Tensor OfList(Tensor scores)
    {
        var (better, worse) = Ranked.PairsOf(scores);
        return -logsigmoid(better - worse).mean();
    }
}

/// <summary>What objectives on ranked lists share.</summary>
internal static class Ranked
{
    /// <summary>Scores of the better and of the worse answer of every pair of a list.</summary>
    public static (Tensor Better, Tensor Worse) PairsOf(Tensor scores)
    {
        var pairs = triu_indices(scores.size(0), scores.size(0), 1, device: scores.device);
        return (scores.index_select(0, pairs[0]), scores.index_select(0, pairs[1]));
    }

    /// <summary>Range and mean of the rewards, and the share of pairs in the right order; a tie counts as wrong.</summary>
    public static Dictionary<string, Tensor> MetricsOf(in AnswerScores answers, Tensor[] lists)
    {
        using var noGrad = no_grad();
        var right = stack(lists.Select(scores =>
        {
            var (better, worse) = PairsOf(scores.detach());
            return better.gt(worse).to(scores.dtype).mean();
        }));
        return new(RewardModelMetrics.OfAnswers(answers.Scores)) { ["accuracy"] = right.mean() };
    }
}
