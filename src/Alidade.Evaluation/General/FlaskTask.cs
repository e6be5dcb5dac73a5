using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>
/// FLASK as a task: the model answers, a judge scores each answer in the skills that its instruction asks for, and every skill has its own number.
/// </summary>
/// <remarks>Ye et al. 2024 (arXiv 2307.10928), see <see cref="Flask"/>. The data are the authors' (<c>evaluation_set/flask_evaluation.jsonl</c>); prompt and rubrics are Alidade's own.</remarks>
public sealed record FlaskTask : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "general.flask";

    /// <summary>The instructions.</summary>
    public required IReadOnlyList<FlaskItem> Items { get; init; }

    /// <summary>Most tokens of an answer. Default 1,024.</summary>
    public int MaxNewTokens { get; init; } = 1024;

    /// <summary>What the judge is asked; places {instruction}, {reference}, {answer}, {skills}.</summary>
    public JudgePrompt Prompt { get; init; } = new()
    {
        Name = "alidade-flask",
        System = "You score one answer in several skills, each by itself: a score in one skill says nothing about another. Scores go from 1 (the skill is absent) over 3 (present with clear faults) to 5 (without fault). Where a skill "
            + "does not apply to the answer, write \"N/A\".",
        Template = "[Skills]\n{skills}\n\n[Instruction]\n{instruction}\n\n[Reference answer]\n{reference}\n\n[Answer]\n{answer}\n[End of the answer]\n\nComment on each skill in a sentence. Then write a JSON object whose keys are the "
            + "names of the skills and whose values are the scores, and nothing after it.",
    };

    /// <summary>How the judge is asked.</summary>
    public JudgeOptions Judge { get; init; } = new();

    /// <summary>Reads the evaluation set.</summary>
    public static DataSet<FlaskItem> Read(string path) => FlaskFile.Read(path);

    /// <inheritdoc/>
    /// <returns>One number for each skill (<c>general.flask.logical_correctness</c> …); answers to which a skill does not apply are counted as unscored.</returns>
    /// <exception cref="AlidadeException">A row names a skill that FLASK does not have.</exception>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var judge = context.Instruments.NeedJudge(Name);
        var items = context.Choose(Items);
        var skills = items.ToDictionary(i => i.Id, i => i.Skills.Select(s => Flask.SkillOf(s) ?? throw Unknown(i, s)).Distinct().ToArray(), StringComparer.Ordinal);
        var answers = await context.AskAsync("FLASK", [.. items.Select(i => (Request)JudgedAnswering.Request(context, i.Instruction, MaxNewTokens))]).ConfigureAwait(false);
        var texts = answers.Responses.Select(JudgedAnswering.TextOf).ToArray();
        // The parser must know what was asked for, so items with the same skills are judged together.
        var verdicts = texts.Select(t => Parsed.None<FlaskScores>(t.Why ?? "")).ToArray();
        var (retries, cost) = (0, answers.Cost);
        foreach (var alike in Enumerable.Range(0, items.Count).Where(i => texts[i].Why is null).GroupBy(i => string.Join(',', skills[items[i].Id])))
        {
            int[] group = [.. alike];
            var asked = skills[items[group[0]].Id];
            var judgements = await new LlmJudge(context, judge, Judge).AskAsync(
                "FLASK, judging", [.. group.Select(i => PromptOf(items[i], texts[i].Text, asked))], reply => Flask.Read(reply.Text, asked)).ConfigureAwait(false);
            foreach (var (i, judgement) in group.Zip(judgements.All))
                verdicts[i] = judgement.Verdict;
            (retries, cost) = (retries + judgements.Retries, new(cost.Tokens + judgements.Cost.Tokens, cost.Seconds + judgements.Cost.Seconds));
        }

        return
        [
            .. from skill in Enum.GetValues<FlaskSkill>()
               let of = Enumerable.Range(0, items.Count).Where(i => skills[items[i].Id].Contains(skill)).ToArray()
               where of.Length > 0
               select MeasureSummary.OfMean(
                   new()
                   {
                       Name = $"{Name}.{Flask.NameOf(skill).ToLowerInvariant().Replace(' ', '_')}",
                       Meaning = $"Mean score from 1 to 5 in {Flask.NameOf(skill)} over the instructions that ask for it ({JudgedAnswering.By(judge, retries)}).",
                       Unit = "score of 1 to 5",
                       Direction = Direction.Higher,
                       Count = 0,
                       Cost = cost,
                   },
                   [.. of.Select(i => ItemOf(items[i], texts[i], verdicts[i], skill))]),
        ];
    }

    private static ItemResult ItemOf(FlaskItem item, (string Text, string? Why, bool Truncated) text, Parsed<FlaskScores> verdict, FlaskSkill skill)
    {
        var score = verdict.HasValue ? verdict.Value.Scores[skill] : null;
        return new()
        {
            Id = item.Id,
            Input = item.Instruction,
            Output = text.Text,
            Score = score,
            Why = !verdict.HasValue ? verdict.Why : score is null ? "the judge says that the skill does not apply" : item.Difficulty,
            Truncated = text.Truncated,
        };
    }

    private IReadOnlyList<Message> PromptOf(FlaskItem item, string answer, FlaskSkill[] skills) => Prompt.Requiring("instruction", "answer", "skills").Fill(new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["instruction"] = item.Instruction,
        ["reference"] = item.Reference.Length > 0 ? item.Reference : "(none)",
        ["answer"] = answer,
        ["skills"] = string.Join('\n', skills.Select(s => $"{Flask.NameOf(s)}: {FlaskRubric.Of(s)}")),
    });

    private static AlidadeException Unknown(FlaskItem item, string skill) =>
        new($"{item.Id}: FLASK has no skill '{skill}'{Suggest.Hint(skill, [.. Enum.GetValues<FlaskSkill>().Select(Flask.NameOf)])}");
}

/// <summary>What a judge looks for in each skill, in Alidade's own words.</summary>
internal static class FlaskRubric
{
    public static string Of(FlaskSkill skill) => skill switch
    {
        FlaskSkill.LogicalRobustness => "does the reasoning hold in general, without contradiction and with edge cases thought of?",
        FlaskSkill.LogicalCorrectness => "is the final answer right?",
        FlaskSkill.LogicalEfficiency => "is every step needed, and none taken in a roundabout way?",
        FlaskSkill.Factuality => "are the facts that it states true, and supported where that matters?",
        FlaskSkill.CommonsenseUnderstanding => "does it see the world as everybody knows it to be?",
        FlaskSkill.Comprehension => "does it do what was asked, all of it and nothing else?",
        FlaskSkill.Insightfulness => "does it bring thoughts that are new, deep or worth having?",
        FlaskSkill.Completeness => "does it say enough, in breadth and in detail?",
        FlaskSkill.Metacognition => "does it know what it does not know, and say so?",
        FlaskSkill.Readability => "is it well ordered and easy to read?",
        FlaskSkill.Conciseness => "is there nothing that could be left out?",
        FlaskSkill.Harmlessness => "is it free of bias, danger and disregard for people?",
        _ => throw new ArgumentOutOfRangeException(nameof(skill), skill, "no skill of FLASK"),
    };
}
