using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

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

    /// <inheritdoc/>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var items = context.Choose(Items);
        if (items.FirstOrDefault(i => i.Summary is null) is { } without)
            throw new AlidadeException($"{Name}: row '{without.Id}' has no summary");

        // 1. Questions from the summaries.
        var made = await context.AskAsync("QA consistency, questions", judge, [.. items.Select(i => Make(i.Summary!))]).ConfigureAwait(false);
        var questions = items.Zip(made.Responses).SelectMany(p => Read(p.Second).Select(q => (Item: p.First, q.Question, q.Answer))).ToArray();

        // 2. Answers from the documents.
        var answers = await context.AskAsync("QA consistency, answers", judge, [.. questions.Select(q => Answer(q.Item.Document, q.Question))]).ConfigureAwait(false);
        var byItem = questions.Zip(answers.Responses).ToLookup(p => p.First.Item.Id, p => (p.First.Question, p.First.Answer, Response: p.Second));
        ItemResult[] results = [.. items.Zip(made.Responses, (item, response) =>
        {
            var asked = byItem[item.Id].ToArray();
            var answered = asked.Where(a => a.Response is GeneratedTexts).Select(a => (a.Question, Pair: new AnsweredQuestion(a.Answer, DocumentAnswer(((GeneratedTexts)a.Response).First.Text)))).ToArray();
            return new ItemResult
            {
                Id = item.Id,
                Input = item.Document,
                Output = item.Summary!,
                Score = QaConsistency.Score([.. answered.Select(a => a.Pair)]),
                Why = response is Unanswered unanswered ? "judge: " + unanswered.Reason
                    : asked.Length == 0 ? "judge: the reply holds no line \"question | answer\""
                    : answered.Length == 0 ? "judge: no question was answered"
                    : string.Join("; ", answered.Select(a => $"{a.Question} {a.Pair.SummaryAnswer} / {a.Pair.DocumentAnswer ?? Unanswerable}")),
            };
        })];
        var about = new Measurement
        {
            Name = Name,
            Meaning = $"F1 of the answers that summary and document give to questions about the summary, mean over questions and summaries; {answers.Responses.Count(r => r is Unanswered)} of {questions.Length} questions were left without a reply.",
            Unit = "F1",
            Direction = Direction.Higher,
            Count = 0,
            Cost = new(made.Cost.Tokens + answers.Cost.Tokens, made.Cost.Seconds + answers.Cost.Seconds),
        };
        return [MeasureSummary.OfMean(about, results), .. ScorerAgreement.Of(about, results, items.ToDictionary(i => i.Id, i => (i.Human, i.System), StringComparer.Ordinal))];
    }

    private GenerationRequest Make(string summary) => new(new Message("user",
        $"Write up to {Questions} questions that the text answers, each with its answer in the words of the text and as short as possible. Write one a line: question | answer\n\nText: {summary}"))
    { MaxNewTokens = 512 };

    private static GenerationRequest Answer(string document, string question) => new(new Message("user",
        $"Answer the question from the text alone, in as few words as possible. If the text does not answer it, write: {Unanswerable}\n\nText: {document}\n\nQuestion: {question}\n\nAnswer:"))
    { MaxNewTokens = 64 };

    private IEnumerable<(string Question, string Answer)> Read(Response response) => response is not GeneratedTexts texts ? []
        : texts.First.Text.Split('\n').Select(l => l.Split('|', 2, StringSplitOptions.TrimEntries)).Where(l => l is [{ Length: > 0 }, { Length: > 0 }]).Select(l => (l[0].TrimStart('-', '*', ' '), l[1])).Take(Questions);

    private static string? DocumentAnswer(string text) => text.Contains(Unanswerable, StringComparison.OrdinalIgnoreCase) ? null : text.Trim();
}
