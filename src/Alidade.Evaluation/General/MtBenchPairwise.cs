using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>
/// MT-bench by comparison with a baseline's answers: a judge sees both answers in both orders; the same winner twice wins, anything else is a tie. The number is (W + ½T)/(W + L + T); beside it
/// stands how consistent the judge was.
/// </summary>
/// <remarks>Zheng et al. 2023 (arXiv 2306.05685), section 3.4; FastChat <c>pairwise-baseline</c>.</remarks>
public sealed record MtBenchPairwise : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "general.mt_bench.pairwise";

    /// <summary>The questions.</summary>
    public required IReadOnlyList<MtBenchQuestion> Items { get; init; }

    /// <summary>The judge's prompts.</summary>
    public required IReadOnlyList<MtBenchPrompt> Prompts { get; init; }

    /// <summary>The baseline's answers, one a turn, by the question's id; <see cref="MtBenchFile.ReadAnswers"/> reads FastChat's files.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Baseline { get; init; }

    /// <summary>Most tokens of an answer. Default 1,024, as published.</summary>
    public int MaxNewTokens { get; init; } = 1024;

    /// <summary>How the judge is asked.</summary>
    public JudgeOptions Judge { get; init; } = new();

    /// <inheritdoc/>
    /// <returns><c>general.mt_bench.pairwise.win_rate</c> and <c>.position_consistency</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var questions = context.Choose(Items);
        if (questions.FirstOrDefault(q => !Baseline.TryGetValue(q.Id, out var turns) || turns.Count < q.Turns.Count) is { } lost)
            throw new AlidadeException($"{Name}: the baseline has no answer to every turn of {lost.Id}");
        var answers = await MtBenchDialogues.AnswerAsync(context, questions, MaxNewTokens).ConfigureAwait(false);
        var prompts = new MtBenchPrompts(Prompts);
        var turns = answers.Dialogues.SelectMany(d => d.Answers.Select((_, turn) => (Dialogue: d, Turn: turn))).ToArray();
        var asked = turns.Where(t => t.Dialogue.Why(t.Turn) is null).ToArray();
        // Both orders in one round: the straight games first, then the swapped ones.
        var judgements = await new LlmJudge(context, judge, Judge).AskAsync(
            "MT-bench, judging pairs",
            [
                .. asked.Select(t => prompts.Comparison(t.Dialogue.Question, t.Dialogue.Texts, Baseline[t.Dialogue.Question.Id], t.Turn)),
                .. asked.Select(t => prompts.Comparison(t.Dialogue.Question, Baseline[t.Dialogue.Question.Id], t.Dialogue.Texts, t.Turn)),
            ],
            reply => MtBenchReply.Comparison(reply.Text)).ConfigureAwait(false);
        Parsed<PairVerdict>[] straight = [.. judgements.Verdicts.Take(asked.Length)];
        Parsed<PairVerdict>[] swapped = [.. judgements.Verdicts.Skip(asked.Length).Select(v => v.Select(PairVerdicts.Swapped))];
        var games = asked.Select((t, i) => (t.Dialogue.Question.Id, t.Turn, Index: i)).ToDictionary(g => (g.Id, g.Turn), g => g.Index);
        var cost = new Cost(answers.Cost.Tokens + judgements.Cost.Tokens, answers.Cost.Seconds + judgements.Cost.Seconds);
        var by = JudgedAnswering.By(judge, judgements.Retries);
        ItemResult ItemOf((MtBenchDialogue Dialogue, int Turn) t, Func<int, Parsed<double>> score)
        {
            var game = games.TryGetValue((t.Dialogue.Question.Id, t.Turn), out var index) ? index : -1;
            var result = game < 0 ? Parsed.None<double>(t.Dialogue.Why(t.Turn)!) : score(game);
            return new()
            {
                Id = $"{t.Dialogue.Question.Id}/{t.Turn + 1}",
                Input = t.Dialogue.Question.Turns[t.Turn],
                Output = t.Dialogue.Answers[t.Turn].Text,
                Score = result.HasValue ? result.Value : null,
                Why = result.Why ?? $"shown first: {straight[game].Value}, shown second: {swapped[game].Value} (First is the model)",
                Truncated = t.Dialogue.Answers[t.Turn].Truncated || (game >= 0 && (judgements.All[game].Truncated || judgements.All[game + asked.Length].Truncated)),
                Cluster = t.Dialogue.Question.Id,
            };
        }

        return
        [
            MeasureSummary.OfMean(
                new()
                {
                    Name = Name + ".win_rate",
                    Meaning = $"Share won against the baseline, (W + ½T)/(W + L + T), two orders that disagree are a tie ({by}).",
                    Unit = "share",
                    Direction = Direction.Higher,
                    Count = 0,
                    Cost = cost,
                },
                [.. turns.Select(t => ItemOf(t, g => PairVerdicts.OfBothOrders(straight[g], swapped[g]).Select(PairVerdicts.ScoreOfFirst)))]),
            PairMeasures.Consistency(Name, by, cost, [.. turns.Select(t => ItemOf(t, g => PairMeasures.Consistent(straight[g], swapped[g])))]),
        ];
    }
}

/// <summary>What pairwise judging is measured by.</summary>
internal static class PairMeasures
{
    /// <summary>1 when both orders say the same, 0 when not.</summary>
    public static Parsed<double> Consistent(Parsed<PairVerdict> straight, Parsed<PairVerdict> swapped) =>
        !straight.HasValue ? Parsed.None<double>(straight.Why!) : !swapped.HasValue ? Parsed.None<double>(swapped.Why!) : Parsed.Of(straight.Value == swapped.Value ? 1.0 : 0);

    /// <summary>The judge's own number, which the one beside it rests on.</summary>
    public static MeasureResult Consistency(string name, string by, Cost cost, IReadOnlyList<ItemResult> items) => MeasureSummary.OfMean(
        new()
        {
            Name = name + ".position_consistency",
            Meaning = $"Share of pairs on which the judge says the same in both orders: a number of the judge, not of the model ({by}).",
            Unit = "share",
            Direction = Direction.Neutral,
            Count = 0,
            Cost = cost,
        },
        items);
}
