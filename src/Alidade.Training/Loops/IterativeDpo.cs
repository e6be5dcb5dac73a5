using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Loops;

/// <summary>
/// Iterative DPO: in each round the best of n answers is preferred to the worst, and the reference is the policy with which the round began. Prompts whose answers have equal rewards are counted and left out.
/// </summary>
/// <remarks>Xiong et al. 2023 (arXiv 2312.11456); Dong et al. 2024 (arXiv 2405.07863), best against worst of n.</remarks>
public sealed record IterativeDpo : PreferenceLoop
{
    /// <summary>What judges answers.</summary>
    [NoKey]
    public required IReward Reward { get; init; }

    /// <inheritdoc/>
    public override string Name => "iterative_dpo";

    /// <inheritdoc/>
    public override IReward? Measure
    {
        get => base.Measure ?? Reward;
        init => base.Measure = value;
    }

    /// <inheritdoc/>
    public override RoundLoop JudgedBy(IReward reward) => this with { Reward = reward };

    private protected override ReferenceModel ReferenceOf => ReferenceModel.Start;

    private protected override string Settings => $"{Fingerprints.Of(Objective)} {Reward.Fingerprint}";

    internal override void Check(bool hasAdapter)
    {
        base.Check(hasAdapter);
        if (Sampling.Answers < 2)
            throw new AlidadeException("iterative DPO compares answers to one prompt and needs at least 2 of them");
    }

    private protected override Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context) =>
        BestAgainstWorstAsync(prompts, Sample(prompts, Sampling.Answers, FormattableString.Invariant($"answers {round}"), context), Reward, context);
}
