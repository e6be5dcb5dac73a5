using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Loops;

/// <summary>
/// XPO: to each prompt one answer of the policy and one of the base, a judge, and a step of DPO that also pays the policy for leaving what the base would say; ties are skipped and counted.
/// </summary>
/// <remarks>Xie et al. 2024 (arXiv 2405.21046), alg. 1; the objective is <see cref="Xpo"/>.</remarks>
public sealed record ExploratoryOptimisation : PreferenceLoop
{
    /// <summary>Makes it, with XPO as the objective.</summary>
    public ExploratoryOptimisation() => Objective = new Xpo();

    /// <summary>Who compares.</summary>
    [NoKey]
    public required IPreferenceJudge Judge { get; init; }

    /// <inheritdoc/>
    public override string Name => "xpo";

    /// <inheritdoc/>
    public override RoundLoop JudgedBy(IReward reward) => this with { Judge = new RewardJudge(reward), Measure = reward };

    internal override int? AnswersOfMethod => 2;

    private protected override ReferenceModel ReferenceOf => ReferenceModel.Base;

    private protected override string Settings => $"{Fingerprints.Of(Objective)} {Judge.Fingerprint}";

    internal override void Check(bool hasAdapter)
    {
        base.Check(hasAdapter);
        if (!hasAdapter)
            throw new AlidadeException("XPO compares the policy with the model before the first round: train an adapter");
    }

    private protected override async Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context)
    {
        var own = Sample(prompts, 1, FormattableString.Invariant($"answers {round}"), context);
        var reference = Sampling.Sample(Model, null, prompts, 1, SeedOf(FormattableString.Invariant($"answers of the base {round}")), context.Cancellation);
        var data = await FirstAgainstSecondAsync(prompts, [.. own.Zip(reference)], Judge, context);
        return data with { Rows = [.. data.Rows.Select(r => r with { FromReference = r.SecondWon })] };
    }
}
