using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>
/// MT-bench by rating: the model answers questions of two turns, a judge rates each of its answers from 1 to 10. (1) The first turn is answered, then the second with the first before it.
/// (2) The judge rates the answer to each turn, with the reference answer where the category has one. (3) The score is the mean over all turns.
/// </summary>
/// <remarks>Zheng et al. 2023 (arXiv 2306.05685), FastChat <c>llm_judge</c>: temperature by category, prompts of the user's <c>judge_prompts.jsonl</c>. A reply is read by
/// <see cref="MtBenchReply.Rating"/>; answers without a rating are in no mean, and are counted.</remarks>
public sealed record MtBench : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "general.mt_bench";

    /// <summary>The questions.</summary>
    public required IReadOnlyList<MtBenchQuestion> Items { get; init; }

    /// <summary>The judge's prompts.</summary>
    public required IReadOnlyList<MtBenchPrompt> Prompts { get; init; }

    /// <summary>Most tokens of an answer. Default 1,024, as published.</summary>
    public int MaxNewTokens { get; init; } = 1024;

    /// <summary>How the judge is asked.</summary>
    public JudgeOptions Judge { get; init; } = new();

    /// <inheritdoc/>
    /// <returns><c>general.mt_bench</c> over all turns, one for each turn, and one for each category; the turns of a question are a cluster.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var questions = context.Choose(Items);
        // 1.
        var answers = await MtBenchDialogues.AnswerAsync(context, questions, MaxNewTokens).ConfigureAwait(false);
        // 2.
        var prompts = new MtBenchPrompts(Prompts);
        var turns = answers.Dialogues.SelectMany(d => d.Answers.Select((a, turn) => (Dialogue: d, Turn: turn, Answer: a))).ToArray();
        var asked = turns.Where(t => t.Dialogue.Why(t.Turn) is null).ToArray();
        var judgements = await new LlmJudge(context, judge, Judge)
            .AskAsync("MT-bench, judging", [.. asked.Select(t => prompts.Rating(t.Dialogue.Question, t.Dialogue.Texts, t.Turn))], reply => MtBenchReply.Rating(reply.Text)).ConfigureAwait(false);
        var byTurn = asked.Zip(judgements.All).ToDictionary(p => (p.First.Dialogue.Question.Id, p.First.Turn), p => p.Second);
        // 3.
        var items = turns.Select(t =>
        {
            var judgement = byTurn.GetValueOrDefault((t.Dialogue.Question.Id, t.Turn));
            return (t.Dialogue.Question.Category, t.Turn, Item: new ItemResult
            {
                Id = $"{t.Dialogue.Question.Id}/{t.Turn + 1}",
                Input = t.Dialogue.Question.Turns[t.Turn],
                Output = t.Answer.Text,
                Score = judgement is { Verdict.HasValue: true } ? judgement.Verdict.Value : null,
                Why = judgement is null ? t.Dialogue.Why(t.Turn) : judgement.Verdict.Why ?? judgement.Reply,
                Truncated = t.Answer.Truncated || judgement is { Truncated: true },
                Cluster = t.Dialogue.Question.Id,
            });
        }).ToArray();
        var about = new Measurement
        {
            Name = Name,
            Meaning = $"Mean rating of the model's answers from 1 to 10 over all turns ({JudgedAnswering.By(judge, judgements.Retries)}).",
            Unit = "rating of 1 to 10",
            Direction = Direction.Higher,
            Count = 0,
            Cost = new(answers.Cost.Tokens + judgements.Cost.Tokens, answers.Cost.Seconds + judgements.Cost.Seconds),
        };
        return
        [
            MeasureSummary.OfMean(about, [.. items.Select(i => i.Item)]),
            .. items.GroupBy(i => i.Turn).OrderBy(g => g.Key).Select(g => MeasureSummary.OfMean(
                about with { Name = $"{Name}.turn_{g.Key + 1}", Meaning = $"Mean rating of the answers to turn {g.Key + 1}." }, [.. g.Select(i => i.Item with { Cluster = null })])),
            .. items.GroupBy(i => i.Category).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => MeasureSummary.OfMean(
                about with { Name = $"{Name}.{g.Key}", Meaning = $"Mean rating of the answers in the category {g.Key}." }, [.. g.Select(i => i.Item)])),
        ];
    }
}

/// <summary>MT-bench by rating, from its published files.</summary>
internal sealed class KnownMtBench : KnownTask
{
    public override string Name => "general.mt_bench";

    public override string About => "MT-bench: answers to questions of two turns, rated from 1 to 10 by a judge (Zheng et al. 2023)";

    public override IReadOnlyList<string> Files => ["mt_bench/mt_bench/question.jsonl", "mt_bench/mt_bench/reference_answer/gpt-4.jsonl", "mt_bench/judge_prompts.jsonl"];

    public override IEvaluationTask Open(Func<string, string> data) => new MtBench
    {
        Items = MtBenchFile.Read(data(Files[0]), data(Files[1])).Rows,
        Prompts = MtBenchFile.ReadPrompts(data(Files[2])).Rows,
    };
}
