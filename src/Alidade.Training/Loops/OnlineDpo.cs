using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Loops;

/// <summary>
/// Online DPO: two answers to each prompt of a small batch, a judge, one step of DPO against the base; ties are skipped and counted. With a <see cref="PairJudge"/> it is RLAIF without a reward model.
/// </summary>
/// <remarks>Guo et al. 2024 (arXiv 2402.04792), alg. 1. TRL turns a tie into a preference for the first answer; Alidade does not.</remarks>
public sealed record OnlineDpo : PreferenceLoop
{
    /// <summary>Who compares: a reward (<see cref="RewardJudge"/>) or an AI judge (<see cref="PairJudge"/>).</summary>
    [NoKey]
    public required IPreferenceJudge Judge { get; init; }

    /// <inheritdoc/>
    public override string Name => "online_dpo";

    /// <inheritdoc/>
    public override RoundLoop JudgedBy(IReward reward) => this with { Judge = new RewardJudge(reward), Measure = reward };

    internal override int? AnswersOfMethod => 2;

    // The model before the first round, as in the paper.
    private protected override ReferenceModel ReferenceOf => ReferenceModel.Base;

    private protected override string Settings => $"{Fingerprints.Of(Objective)} {Judge.Fingerprint}";

    internal override void Check(bool hasAdapter)
    {
        base.Check(hasAdapter);
        if (!hasAdapter)
            throw new AlidadeException("online DPO measures every round against the model before the first one: train an adapter, or use iterative DPO");
    }

    private protected override Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context)
    {
        var answers = Sample(prompts, 2, FormattableString.Invariant($"answers {round}"), context);
        return FirstAgainstSecondAsync(prompts, [.. answers.Chunk(2).Select(a => (a[0], a[1]))], Judge, context);
    }
}
