using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Reward;

/// <summary>
/// The Bradley–Terry reward model: mean(−log σ(r⁺ − r⁻ − m)) + c·mean((r⁺ + r⁻)²), m the margin of a pair where the data have one, c a pull of the rewards towards 0.
/// </summary>
/// <remarks>
/// Ouyang et al. 2022 (arXiv 2203.02155), eq. 1 with K = 2; margin: Touvron et al. 2023 (Llama 2, arXiv 2307.09288), eq. 2; centring: Eisenstein et al. 2023
/// (arXiv 2312.09244), §4. TRL 1.16 <c>RewardTrainer</c>. The accuracy counts r⁺ &gt; r⁻ without the margin, so a tie counts as wrong.
/// </remarks>
public sealed record PairwiseReward : IRewardObjective
{
    /// <summary>c at least 0. Default 0; TRL suggests 0.01.</summary>
    public double CenterCoefficient
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    }

    /// <inheritdoc/>
    public string Name => "reward";

    /// <inheritdoc/>
    public RewardData Needs => RewardData.Pairs;

    /// <inheritdoc/>
    public Objective Evaluate(in AnswerScores answers)
    {
        var (chosen, rejected) = answers.Pairs();
        var lead = chosen - rejected;
        var loss = -logsigmoid(answers.Margins is { } margins ? lead - TokenLogProbs.Numbers(margins, lead) : lead);
        if (CenterCoefficient > 0)
            loss = loss + (CenterCoefficient * (chosen + rejected).square());
        return new(loss.mean(), loss) { Metrics = MetricsOf(chosen.detach(), rejected.detach()) };
    }

    private static Dictionary<string, Tensor> MetricsOf(Tensor chosen, Tensor rejected)
    {
        var all = cat([chosen, rejected]);
        return new(RewardModelMetrics.OfAnswers(all)) { ["accuracy"] = chosen.gt(rejected).to(chosen.dtype).mean(), ["margin"] = (chosen - rejected).mean() };
    }
}

/// <summary>What every reward model logs of its scores.</summary>
internal static class RewardModelMetrics
{
    public static Dictionary<string, Tensor> OfAnswers(Tensor rewards)
    {
        var all = rewards.detach();
        return new() { ["min_reward"] = all.min(), ["max_reward"] = all.max(), ["mean_reward"] = all.mean() };
    }
}
