using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>
/// Language model as examiner, as a task without data: (1) the judge writes questions in some domains; (2) the model answers; (3) the judge asks a question that follows each answer, and the model answers that
/// too; (4) the judge marks every answer.
/// </summary>
/// <remarks>Bai et al. 2023 (arXiv 2306.04181), see <see cref="LmExaminer"/>. The questions are the examiner's, so two models are comparable only with the same examiner and seed.</remarks>
public sealed record LmExaminerTask : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "general.lm_examiner";

    /// <summary>Domains of the exam. Default: eight of everyday knowledge.</summary>
    public IReadOnlyList<string> Domains { get; init; } = ["physics", "biology", "history", "geography", "literature", "law", "economics", "computer science"];

    /// <summary>Questions a domain. Default 4.</summary>
    public int Questions { get; init; } = 4;

    /// <summary>Most tokens of an answer. Default 512.</summary>
    public int MaxNewTokens { get; init; } = 512;

    /// <summary>How the examiner marks.</summary>
    public JudgeOptions Judge { get; init; } = new() { MaxNewTokens = 512 };

    /// <inheritdoc/>
    /// <returns><c>general.lm_examiner.overall</c> (1 to 5), one for each dimension (1 to 3), and <c>.full_marks</c>; question and follow-up are a cluster.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var cost = new Cost(0, 0);
        async Task<IReadOnlyList<(string Text, string? Why, bool Truncated)>> Ask(string task, IEvaluatedModel model, IEnumerable<Request> requests)
        {
            var answers = await context.AskAsync(task, model, [.. requests]).ConfigureAwait(false);
            cost = new(cost.Tokens + answers.Cost.Tokens, cost.Seconds + answers.Cost.Seconds);
            return [.. answers.Responses.Select(JudgedAnswering.TextOf)];
        }

        // 1.
        var planned = Domains.SelectMany(d => Enumerable.Range(1, Questions).Select(n => (Domain: d, Number: n))).Select(p => new Question($"{p.Domain.Replace(' ', '_')}-{p.Number}", p.Domain, p.Number)).ToArray();
        var chosen = context.Choose(planned);
        var written = await Ask("examiner, questions", judge, chosen.Select(q => Write(LmExaminer.QuestionPrompt, context.Seed, ("domain", q.Domain), ("number", FormattableString.Invariant($"{q.Number}"))))).ConfigureAwait(false);
        // 2.
        var questions = chosen.Zip(written, (q, w) => new Exchange(q.Id, q.Id, w.Text.Trim(), w.Why is null ? null : "the examiner wrote no question: " + w.Why)).ToArray();
        await AnswerAsync("examinee", questions).ConfigureAwait(false);
        // 3.
        Exchange[] answered = [.. questions.Where(q => q.Why is null)];
        var further = await Ask("examiner, follow-up questions", judge, answered.Select(q => Write(LmExaminer.FollowUpPrompt, context.Seed, ("question", q.Question), ("answer", q.Answer)))).ConfigureAwait(false);
        var followUps = answered.Zip(further, (q, w) => new Exchange(q.Id + "/follow-up", q.Id, w.Text.Trim(), w.Why is null ? null : "the examiner wrote no question: " + w.Why)).ToArray();
        await AnswerAsync("examinee, follow-up questions", followUps).ConfigureAwait(false);
        // 4.
        Exchange[] all = [.. questions, .. followUps];
        Exchange[] marked = [.. all.Where(e => e.Why is null)];
        var marks = await new LlmJudge(context, judge, Judge).AskAsync(
            "examiner, marking", [.. marked.Select(e => LmExaminer.MarkPrompt.Fill(Values(("question", e.Question), ("answer", e.Answer))))], reply => LmExaminer.Read(reply.Text)).ConfigureAwait(false);
        cost = new(cost.Tokens + marks.Cost.Tokens, cost.Seconds + marks.Cost.Seconds);
        var byId = marked.Zip(marks.All).ToDictionary(p => p.First.Id, p => p.Second, StringComparer.Ordinal);
        MeasureResult Measure(string name, string meaning, string unit, Func<ExamMarks, double> of) => MeasureSummary.OfMean(
            new() { Name = $"{Name}.{name}", Meaning = $"{meaning} (examiner: {judge.Name}).", Unit = unit, Direction = Direction.Higher, Count = 0, Cost = cost },
            [.. all.Select(e => ItemOf(e, byId.GetValueOrDefault(e.Id), of))]);
        return
        [
            Measure("overall", "Mean overall mark from 1 to 5", "mark of 1 to 5", m => m.Overall),
            Measure("accuracy", "Mean mark for accuracy from 1 to 3", "mark of 1 to 3", m => m.Accuracy),
            Measure("coherence", "Mean mark for coherence from 1 to 3", "mark of 1 to 3", m => m.Coherence),
            Measure("factuality", "Mean mark for factuality from 1 to 3", "mark of 1 to 3", m => m.Factuality),
            Measure("comprehensiveness", "Mean mark for comprehensiveness from 1 to 3", "mark of 1 to 3", m => m.Comprehensiveness),
            Measure("full_marks", "Share of answers with every mark at its highest", "share", m => m.Full ? 1 : 0),
        ];

        async Task AnswerAsync(string task, Exchange[] exchanges)
        {
            Exchange[] open = [.. exchanges.Where(e => e.Why is null)];
            var answers = await Ask(task, context.Model, open.Select(e => JudgedAnswering.Request(context, e.Question, MaxNewTokens))).ConfigureAwait(false);
            foreach (var (exchange, (text, why, truncated)) in open.Zip(answers))
                (exchange.Answer, exchange.Why, exchange.Truncated) = (text, why, truncated);
        }
    }

    // Questions are drawn, so that two of one domain differ; the seed makes them the same in every run.
    private static GenerationRequest Write(JudgePrompt prompt, ulong seed, params (string, string)[] values) =>
        new(Prompt.OfMessages(prompt.Fill(Values(values)))) { MaxNewTokens = 256, Temperature = 0.7, Seed = seed };

    private static Dictionary<string, string> Values(params (string Name, string Text)[] values) => values.ToDictionary(v => v.Name, v => v.Text, StringComparer.Ordinal);

    private static ItemResult ItemOf(Exchange exchange, Judgement<ExamMarks>? marks, Func<ExamMarks, double> of) => new()
    {
        Id = exchange.Id,
        Input = exchange.Question,
        Output = exchange.Answer,
        Score = marks is { Verdict.HasValue: true } ? of(marks.Verdict.Value) : null,
        Why = marks is null ? exchange.Why : marks.Verdict.Why ?? marks.Reply,
        Truncated = exchange.Truncated || marks is { Truncated: true },
        Cluster = exchange.Cluster,
    };

    private sealed record Question(string Id, string Domain, int Number) : IDataRow
    {
        public string Group => Domain;
    }

    private sealed class Exchange(string id, string cluster, string question, string? why)
    {
        public string Id => id;

        public string Cluster => cluster;

        public string Question => question;

        public string Answer { get; set; } = "";

        public string? Why { get; set; } = why;

        public bool Truncated { get; set; }
    }
}

/// <summary>The exam in Alidade's eight domains.</summary>
internal sealed class KnownLmExaminer : KnownTask
{
    public override string Name => "general.lm_examiner";

    public override string About => "Language model as examiner: a judge writes questions, asks on, and marks the answers (Bai et al. 2023)";

    public override IReadOnlyList<string> Files => [];

    public override IEvaluationTask Open(Func<string, string> data) => new LmExaminerTask();
}
