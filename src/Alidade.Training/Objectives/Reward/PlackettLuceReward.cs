using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reward;

/// <summary>
/// A reward model of ranked lists, choice by choice: −Σ_{k&lt;K} log [e^{s_k} / Σ_{j≥k} e^{s_j}] with the answers best first; the mean over the lists. With two
/// answers it is Bradley–Terry.
/// </summary>
/// <remarks>Zhu et al. 2023 (arXiv 2301.11270), §2, after Plackett 1975 and Luce 1959.</remarks>
public sealed record PlackettLuceReward : IRewardObjective
{
    /// <summary>Only the first choices count, as many as this; null for all. 1 asks for the best answer alone.</summary>
    public int? Top
    {
        get;
        init => field = value is null or >= 1 ? value : throw new AlidadeException($"the choices of a ranked list that count are {value}; there must be at least 1");
    }

    /// <inheritdoc/>
    public string Name => "reward_plackett_luce";

    /// <inheritdoc/>
    public RewardData Needs => RewardData.RankedLists;

    /// <inheritdoc/>
    public Objective Evaluate(in AnswerScores answers)
    {
        var lists = answers.Lists().ToArray();
        var loss = stack(lists.Select(l => PlackettLuce.Loss(l, Top)));
        return new(loss.mean(), loss) { Metrics = Ranked.MetricsOf(answers, lists) };
    }
}
