using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;

namespace Alidade.Training.Loops;

/// <summary>A method that learns from preferences between its own answers: what differs is who judges, and how pairs are made.</summary>
public abstract record PreferenceLoop : RoundLoop
{
    /// <summary>The objective on pairs. Default DPO.</summary>
    public IPreferenceObjective Objective { get; init; } = new Dpo();

    /// <summary>What preferences are measured against.</summary>
    private protected abstract ReferenceModel ReferenceOf { get; }

    private protected override TrainingResult Train(IReadOnlyList<RoundRow> rows, TrainingOptions options, TrainingContext context) =>
        new PreferenceTrainer { Model = Model, Adapter = Adapter, Objective = Objective, Reference = ReferenceOf, Options = options }
            .Train(new([.. rows.Select(r => r.AsPair())], new Dictionary<string, int>(), 0), null, context);

    /// <summary>Best against worst of each prompt's answers by a reward; where all are equal there is no pair.</summary>
    private protected async Task<RoundData> BestAgainstWorstAsync(
        IReadOnlyList<AskedPrompt> prompts, IReadOnlyList<AnsweredPrompt> answers, IReward reward, LoopContext context)
    {
        var scores = await reward.ScoreAsync(answers, context.Cancellation);
        var leftOut = new ReasonCounts();
        foreach (var why in scores.Where(s => s.Why is not null).Select(s => s.Why!))
            leftOut.Add($"unscored answer ({why})");
        var rows = new List<RoundRow>();
        for (var p = 0; p < prompts.Count; p++)
        {
            var scored = Enumerable.Range(p * Sampling.Answers, Sampling.Answers).Where(i => scores[i].Value is not null).ToArray();
            if (scored.Length < 2)
            {
                leftOut.Add("prompt with fewer than two scored answers");
                continue;
            }

            int best = scored.MaxBy(i => scores[i].Value!.Value), worst = scored.MinBy(i => scores[i].Value!.Value);
            if (scores[best].Value == scores[worst].Value)
                leftOut.Add("tie");
            else
                rows.Add(Pair(answers[best], answers[worst], p));
        }

        double[] values = [.. scores.Where(s => s.Value is not null).Select(s => s.Value!.Value)];
        return new()
        {
            Prompts = prompts.Count,
            Answers = answers.Count,
            Rows = rows,
            LeftOut = leftOut.Counts,
            Reward = values.Length == 0 ? null : Mean.Of(values),
        };
    }

    /// <summary>The first two answers to each prompt by a judge; ties and what nobody could judge make no pair.</summary>
    private protected async Task<RoundData> FirstAgainstSecondAsync(
        IReadOnlyList<AskedPrompt> prompts, IReadOnlyList<(AnsweredPrompt First, AnsweredPrompt Second)> pairs, IPreferenceJudge judge, LoopContext context)
    {
        var verdicts = await judge.CompareAsync(pairs, context.Cancellation);
        var leftOut = new ReasonCounts();
        var rows = new List<RoundRow>();
        for (var p = 0; p < pairs.Count; p++)
            if (verdicts[p].FirstWins is not { } first)
                leftOut.Add($"not judged ({verdicts[p].Why})");
            else if (verdicts[p].Tie)
                leftOut.Add("tie");
            else if (pairs[p].First.Ids.SequenceEqual(pairs[p].Second.Ids))
                leftOut.Add("equal answers");
            else
                rows.Add(first > 0.5 ? Pair(pairs[p].First, pairs[p].Second, p) : Pair(pairs[p].Second, pairs[p].First, p));
        return new() { Prompts = prompts.Count, Answers = 2 * pairs.Count, Rows = rows, LeftOut = leftOut.Counts };
    }

    private static RoundRow Pair(AnsweredPrompt better, AnsweredPrompt worse, int number) =>
        new(FormattableString.Invariant($"{better.Asked.Id} pair {number}"), [.. better.PromptIds], [.. better.Ids], [.. worse.Ids]);
}

/// <summary>
/// Iterative DPO: in each round the best of n answers is preferred to the worst, and the reference is the policy with which the round began. Prompts whose answers have equal rewards are counted and left out.
/// </summary>
/// <remarks>Xiong et al. 2023 (arXiv 2312.11456); Dong et al. 2024 (arXiv 2405.07863), best against worst of n.</remarks>
public sealed record IterativeDpo : PreferenceLoop
{
    /// <summary>What judges answers.</summary>
    public required IReward Reward { get; init; }

    /// <inheritdoc/>
    public override string Name => "iterative_dpo";

    /// <inheritdoc/>
    public override IReward? Measure
    {
        get => base.Measure ?? Reward;
        init => base.Measure = value;
    }

    private protected override ReferenceModel ReferenceOf => ReferenceModel.Start;

    private protected override string Settings => $"{Fingerprints.Of(Objective)} {Reward.Fingerprint}";

    private protected override void Check()
    {
        base.Check();
        if (Sampling.Answers < 2)
            throw new AlidadeException("iterative DPO compares answers to one prompt and needs at least 2 of them");
    }

    private protected override Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context) =>
        BestAgainstWorstAsync(prompts, Sample(prompts, Sampling.Answers, FormattableString.Invariant($"answers {round}"), context), Reward, context);
}

/// <summary>
/// Online DPO: two answers to each prompt of a small batch, a judge, one step of DPO against the base; ties are skipped and counted. With a <see cref="PairJudge"/> it is RLAIF without a reward model.
/// </summary>
/// <remarks>Guo et al. 2024 (arXiv 2402.04792), alg. 1. TRL turns a tie into a preference for the first answer; Alidade does not.</remarks>
public sealed record OnlineDpo : PreferenceLoop
{
    /// <summary>Who compares: a reward (<see cref="RewardJudge"/>) or an AI judge (<see cref="PairJudge"/>).</summary>
    public required IPreferenceJudge Judge { get; init; }

    /// <inheritdoc/>
    public override string Name => "online_dpo";

    // The model before the first round, as in the paper.
    private protected override ReferenceModel ReferenceOf => ReferenceModel.Base;

    private protected override string Settings => $"{Fingerprints.Of(Objective)} {Judge.Fingerprint}";

    private protected override void Check()
    {
        base.Check();
        if (Adapter is null)
            throw new AlidadeException("online DPO measures every round against the model before the first one: train an adapter, or use iterative DPO");
    }

    private protected override Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context)
    {
        var answers = Sample(prompts, 2, FormattableString.Invariant($"answers {round}"), context);
        return FirstAgainstSecondAsync(prompts, [.. answers.Chunk(2).Select(a => (a[0], a[1]))], Judge, context);
    }
}

/// <summary>
/// Self-rewarding: the policy judges its own answers with a rubric, and learns to prefer the best to the worst, round by round.
/// </summary>
/// <remarks>Yuan et al. 2024 (arXiv 2401.10020), sec. 2: N answers, scores from 0 to 5 by the policy as it is, ties skipped, DPO against the policy of the round before. The paper averages three scores of an answer; here the judge is greedy, so one is enough.</remarks>
public sealed record SelfRewarding : PreferenceLoop
{
    /// <summary>Makes the judge of a chat client that is the policy as it is. Default the paper's rubric in short, from 0 to 5.</summary>
    public Func<Microsoft.Extensions.AI.IChatClient, IReward> JudgeOf { get; init; } = chat => new JudgeReward("the policy itself", chat);

    /// <inheritdoc/>
    public override string Name => "self_rewarding";

    private protected override ReferenceModel ReferenceOf => ReferenceModel.Start;

    private protected override string Settings
    {
        get
        {
            using var chat = new Alidade.Models.Chat.LocalChatClient(Model, new());
            return $"{Fingerprints.Of(Objective)} {JudgeOf(chat).Fingerprint}";
        }
    }

    private protected override void Check()
    {
        base.Check();
        if (Sampling.Answers < 2)
            throw new AlidadeException("self-rewarding compares answers to one prompt and needs at least 2 of them");
        if (Model.ChatTemplate is null)
            throw new AlidadeException($"{Model.Name} has no chat template, so it cannot be asked to judge itself; use a model that was tuned for chat");
    }

    private protected override async Task<RoundData> CollectAsync(IReadOnlyList<AskedPrompt> prompts, int round, LoopContext context)
    {
        var answers = Sample(prompts, Sampling.Answers, FormattableString.Invariant($"answers {round}"), context);
        using var use = Model.Use(Adapter);
        // A client of its own for each round: it keeps keys and values, which are those of the weights as they are.
        using var chat = new Alidade.Models.Chat.LocalChatClient(Model, new());
        return await BestAgainstWorstAsync(prompts, answers, JudgeOf(chat), context);
    }
}
