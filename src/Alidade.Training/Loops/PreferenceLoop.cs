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

    internal override int AnswersOfRow => 2;

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
                rows.Add(Pair(answers[best], answers[worst], p) with { Reward = scores[best].Value, WorseReward = scores[worst].Value });
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
                rows.Add((first > 0.5 ? Pair(pairs[p].First, pairs[p].Second, p) : Pair(pairs[p].Second, pairs[p].First, p))
                    with
                { WinProbability = Math.Max(first, 1 - first), SecondWon = first < 0.5 });
        return new() { Prompts = prompts.Count, Answers = 2 * pairs.Count, Rows = rows, LeftOut = leftOut.Counts };
    }

    private static RoundRow Pair(AnsweredPrompt better, AnsweredPrompt worse, int number) =>
        new(FormattableString.Invariant($"{better.Asked.Id} pair {number}"), [.. better.PromptIds], [.. better.Ids], [.. worse.Ids]);
}
