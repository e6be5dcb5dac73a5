using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.Factuality;

/// <summary>
/// Consistency of summaries by questions and answers, in two steps: (1) a judge makes questions with answers from the summary; (2) it answers them from the document alone. The score is
/// the mean F1 of both answers.
/// </summary>
/// <remarks>See <see cref="QaConsistency"/>. The published systems use models trained for each step; here a judge does both, so scores compare only under one judge.</remarks>
public sealed record QaConsistencyTask : IEvaluationTask
{
    private const string Unanswerable = "unanswerable";

    /// <inheritdoc/>
    public string Name => "factuality.qa_consistency";

    /// <summary>Documents and summaries; every row holds both.</summary>
    public required IReadOnlyList<SummaryRow> Items { get; init; }

    /// <summary>Most questions about a summary. Default 10.</summary>
    public int Questions { get; init; } = 10;

    /// <summary>How the judge is asked.</summary>
    public JudgeOptions Judge { get; init; } = new() { MaxNewTokens = 512 };

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var items = context.Choose(Items);
        if (items.FirstOrDefault(i => i.Summary is null) is { } without)
            throw new AlidadeException($"{Name}: row '{without.Id}' has no summary");

        // 1. Questions from the summaries.
        var asking = new LlmJudge(context, judge, Judge);
        var made = await asking.AskAsync("QA consistency, questions", [.. items.Select(i => Make(i.Summary!))], ReadQuestions).ConfigureAwait(false);
        var questions = items.Zip(made.Verdicts).Where(p => p.Second.HasValue).SelectMany(p => p.Second.Value.Select(q => (Item: p.First, q.Question, q.Answer))).ToArray();

        // 2. Answers from the documents.
        var answers = await asking.AskAsync("QA consistency, answers", [.. questions.Select(q => Answer(q.Item.Document, q.Question))], ReadAnswer).ConfigureAwait(false);
        var byItem = questions.Zip(answers.Verdicts).Where(p => p.Second.HasValue).ToLookup(p => p.First.Item.Id, p => (p.First.Question, Pair: new AnsweredQuestion(p.First.Answer, p.Second.Value.Text)));
        ItemResult[] results = [.. items.Zip(made.Verdicts, (item, list) => new ItemResult
        {
            Id = item.Id,
            Input = item.Document,
            Output = item.Summary!,
            Score = QaConsistency.Score([.. byItem[item.Id].Select(a => a.Pair)]),
            Why = list.Why ?? (byItem.Contains(item.Id)
                ? string.Join("; ", byItem[item.Id].Select(a => $"{a.Question} {a.Pair.SummaryAnswer} / {a.Pair.DocumentAnswer ?? Unanswerable}"))
                : "judge: no question was answered"),
        })];
        var about = new Measurement
        {
            Name = Name,
            Meaning = $"F1 of the answers that summary and document give to questions about the summary, mean over questions and summaries; {answers.Verdicts.Count(v => !v.HasValue)} of {questions.Length} questions were left without a reply.",
            Unit = "F1",
            Direction = Direction.Higher,
            Count = 0,
            Cost = new(made.Cost.Tokens + answers.Cost.Tokens, made.Cost.Seconds + answers.Cost.Seconds),
        };
        return [MeasureSummary.OfMean(about, results), .. ScorerAgreement.Of(about, results, items.ToDictionary(i => i.Id, i => (i.Human, i.System), StringComparer.Ordinal))];
    }

    /// <summary>An answer found in a document; no text when the document does not answer.</summary>
    private readonly record struct Found(string? Text);

    private Message[] Make(string summary) => [new("user",
        $"Write up to {Questions} questions that the text answers, each with its answer in the words of the text and as short as possible. Write one a line: question | answer\n\nText: {summary}")];

    private static Message[] Answer(string document, string question) => [new("user",
        $"Answer the question from the text alone, in as few words as possible. If the text does not answer it, write: {Unanswerable}\n\nText: {document}\n\nQuestion: {question}\n\nAnswer:")];

    private Parsed<IReadOnlyList<(string Question, string Answer)>> ReadQuestions(GeneratedText reply)
    {
        (string, string)[] lines =
        [
            .. reply.Text.Split('\n').Select(l => l.Split('|', 2, StringSplitOptions.TrimEntries)).Where(l => l is [{ Length: > 0 }, { Length: > 0 }])
                .Select(l => (l[0].TrimStart('-', '*', ' '), l[1])).Take(Questions),
        ];
        return lines.Length > 0 ? Parsed.Of<IReadOnlyList<(string, string)>>(lines) : Parsed.None<IReadOnlyList<(string, string)>>("the reply holds no line \"question | answer\"");
    }

    private static Parsed<Found> ReadAnswer(GeneratedText reply) =>
        Parsed.Of(new Found(reply.Text.Contains(Unanswerable, StringComparison.OrdinalIgnoreCase) ? null : reply.Text.Trim()));
}
