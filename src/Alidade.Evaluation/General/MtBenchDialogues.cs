using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;

namespace Alidade.Evaluation.General;

/// <summary>A question of MT-bench with a model's answers, turn by turn.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answers">One answer a turn, or why there is none.</param>
internal sealed record MtBenchDialogue(MtBenchQuestion Question, IReadOnlyList<(string Text, string? Why, bool Truncated)> Answers)
{
    public IReadOnlyList<string> Texts => [.. Answers.Select(a => a.Text)];

    /// <summary>Why a turn cannot be judged: it, or one before it, has no answer.</summary>
    public string? Why(int turn) => Answers.Take(turn + 1).Select(a => a.Why).FirstOrDefault(w => w is not null);
}

/// <summary>Answers questions of several turns, each turn with the turns before it.</summary>
internal static class MtBenchDialogues
{
    // FastChat's temperature_config; reference categories are answered greedily.
    private static readonly Dictionary<string, double> Temperatures = new(StringComparer.Ordinal)
    {
        ["writing"] = 0.7,
        ["roleplay"] = 0.7,
        ["extraction"] = 0,
        ["math"] = 0,
        ["coding"] = 0,
        ["reasoning"] = 0,
        ["stem"] = 0.1,
        ["humanities"] = 0.1,
    };

    public static async Task<(IReadOnlyList<MtBenchDialogue> Dialogues, Cost Cost)> AnswerAsync(EvaluationContext context, IReadOnlyList<MtBenchQuestion> questions, int maxNewTokens)
    {
        if (!context.Model.IsChat)
            throw new AlidadeException($"MT-bench is a conversation of two turns, and {context.Model.Name} has no chat template");
        var answers = questions.Select(_ => new List<(string Text, string? Why, bool Truncated)>()).ToArray();
        var cost = new Cost(0, 0);
        for (var turn = 0; turn < questions.Max(q => q.Turns.Count); turn++)
        {
            // A turn after an answer that failed has nothing to follow.
            int[] open = [.. Enumerable.Range(0, questions.Count).Where(i => turn < questions[i].Turns.Count && answers[i].All(a => a.Why is null))];
            var asked = await context.AskAsync($"MT-bench, turn {turn + 1}", [.. open.Select(i => Request(questions[i], answers[i], context.Seed, maxNewTokens))]).ConfigureAwait(false);
            cost = new(cost.Tokens + asked.Cost.Tokens, cost.Seconds + asked.Cost.Seconds);
            foreach (var (i, response) in open.Zip(asked.Responses))
                answers[i].Add(JudgedAnswering.TextOf(response));
            for (var i = 0; i < questions.Count; i++)
                if (turn < questions[i].Turns.Count && answers[i].Count == turn)
                    answers[i].Add(("", answers[i][^1].Why, false));
        }

        return ([.. questions.Zip(answers, (q, a) => new MtBenchDialogue(q, a))], cost);
    }

    private static GenerationRequest Request(MtBenchQuestion question, List<(string Text, string? Why, bool Truncated)> before, ulong seed, int maxNewTokens) =>
        new((Message[])[.. before.SelectMany((a, i) => (Message[])[new("user", question.Turns[i]), new("assistant", a.Text)]), new("user", question.Turns[before.Count])])
        {
            MaxNewTokens = maxNewTokens,
            Temperature = Temperatures.GetValueOrDefault(question.Category, 0.7),
            Seed = seed,
        };
}

/// <summary>MT-bench's judge prompts, chosen and filled as FastChat does: by kind, by whether there is a reference, by turn.</summary>
internal sealed class MtBenchPrompts
{
    private readonly Dictionary<string, JudgePrompt> prompts;

    public MtBenchPrompts(IEnumerable<MtBenchPrompt> prompts) =>
        this.prompts = prompts.ToDictionary(p => p.Id, p => new JudgePrompt { Name = p.Id, System = p.System, Template = p.Template }, StringComparer.Ordinal);

    /// <summary>Asks for a rating of one turn.</summary>
    public IReadOnlyList<Message> Rating(MtBenchQuestion question, IReadOnlyList<string> answers, int turn)
    {
        var (name, values) = ("single" + (question.References.Count > 0 ? "-math-v1" : "-v1"), Question(question, turn));
        Add(values, "answer", answers, turn);
        return turn == 0 ? Find(name, "answer").Fill(values) : Find(name + "-multi-turn", "answer_2").Fill(values);
    }

    /// <summary>Asks which of two dialogues is better at one turn.</summary>
    public IReadOnlyList<Message> Comparison(MtBenchQuestion question, IReadOnlyList<string> first, IReadOnlyList<string> second, int turn)
    {
        var (name, values) = ("pair" + (question.References.Count > 0 ? "-math-v1" : "-v2"), Question(question, turn));
        Add(values, "answer_a", first, turn);
        Add(values, "answer_b", second, turn);
        return turn == 0 ? Find(name, "answer_a", "answer_b").Fill(values) : Find(name + "-multi-turn", "answer_a_2", "answer_b_2").Fill(values);
    }

    private static Dictionary<string, string> Question(MtBenchQuestion question, int turn)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        Add(values, "question", question.Turns, turn);
        for (var i = 0; i < question.References.Count; i++)
            values[FormattableString.Invariant($"ref_answer_{i + 1}")] = question.References[i];
        return values;
    }

    // {answer} of a first turn, {answer_1} and {answer_2} where both are shown.
    private static void Add(Dictionary<string, string> values, string name, IReadOnlyList<string> texts, int turn)
    {
        values[name] = texts[turn];
        for (var i = 0; i < texts.Count; i++)
            values[FormattableString.Invariant($"{name}_{i + 1}")] = texts[i];
    }

    private JudgePrompt Find(string name, params string[] places) => prompts.TryGetValue(name, out var prompt)
        ? prompt.Requiring(places)
        : throw new AlidadeException($"the judge prompts have no '{name}'{Suggest.Hint(name, prompts.Keys)}");
}
