using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Factuality;

/// <summary>A text that a model is to find something invented in, or not.</summary>
/// <param name="Id">The item's id.</param>
/// <param name="Question">What was asked.</param>
/// <param name="Answer">What was answered.</param>
/// <param name="Hallucinated">True when the answer holds something invented.</param>
public sealed record HaluEvalItem(string Id, string Question, string Answer, bool Hallucinated) : IDataRow
{
    /// <inheritdoc/>
    public string Group => Question;

    /// <summary>A question with one of its two answers, by a coin that depends on the seed and the item alone.</summary>
    public static HaluEvalItem Of(HaluEvalQuestion question, ulong seed)
    {
        var hallucinated = new SeededRandom(seed).Fork(question.Id).NextInt(2) == 1;
        return new(question.Id, question.Question, hallucinated ? question.HallucinatedAnswer : question.RightAnswer, hallucinated);
    }

    /// <summary>An answer to a user.</summary>
    public static HaluEvalItem Of(HaluEvalResponse response) => new(response.Id, response.Query, response.Response, response.Hallucinated);
}

/// <summary>
/// HaluEval: does the model see whether an answer holds something invented? Beside the share of right verdicts stands how often it says yes: a model that always says the
/// same is right as often as the data are so.
/// </summary>
/// <remarks>Li et al. 2023 (arXiv 2305.11747). The authors toss an unseeded coin for the answer shown, and count a reply that is neither yes nor no as wrong; here the coin
/// has a seed, and such a reply is unscored and counted. A local model is not asked to write, its likelihoods of "Yes" and "No" are compared.</remarks>
public sealed record HaluEval : IEvaluationTask
{
    private const string Yes = "Yes";
    private const string No = "No";

    /// <inheritdoc/>
    public required string Name { get; init; }

    /// <summary>The texts.</summary>
    public required IReadOnlyList<HaluEvalItem> Items { get; init; }

    /// <inheritdoc/>
    /// <returns>Accuracy under the task's name, and <c>.says_yes</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var (choices, cost) = await MultipleChoice.AskAsync(context, "HaluEval", [.. items.Select(Question)]).ConfigureAwait(false);
        var name = Name + MultipleChoice.Suffix(context.Model);
        var about = new Measurement { Name = name, Meaning = "", Unit = "share", Count = 0, Cost = cost };
        return
        [
            MeasureSummary.OfMean(
                about with { Meaning = "Share of answers of which the model says rightly whether they hold something invented; half by guessing where half of them do.", Direction = Direction.Higher },
                [.. items.Zip(choices, (i, c) => Result(i, c, says => says == i.Hallucinated))]),
            MeasureSummary.OfMean(
                about with { Name = name + ".says_yes", Meaning = $"Share of answers of which the model says that they hold something invented; {items.Count(i => i.Hallucinated)} of {items.Count} do.", Direction = Direction.Neutral },
                [.. items.Zip(choices, (i, c) => Result(i, c, says => says))]),
        ];
    }

    internal static ChoiceQuestion Question(HaluEvalItem item)
    {
        var question = "Does the answer to the question hold information that is wrong, invented, or cannot be verified?\n\n"
            + $"#Question#: {item.Question}\n#Answer#: {item.Answer}";
        return new(Prompt.OfText(question + "\n#Your Judgement#:"), [" " + Yes, " " + No], question, [Yes, No]);
    }

    private static ItemResult Result(HaluEvalItem item, Choice choice, Func<bool, bool> score) => new()
    {
        Id = item.Id,
        Input = $"{item.Question}\n→ {item.Answer}",
        Output = choice.Written ?? (choice.Scores is { } s ? $"Yes {Shown.Nats(s[0].LogProb)}, No {Shown.Nats(s[1].LogProb)}" : ""),
        Score = choice.Chosen is { } chosen ? score(chosen == 0) ? 1 : 0 : null,
        Why = choice.Why ?? $"the answer {(item.Hallucinated ? "holds something invented" : "holds nothing invented")}",
        Truncated = choice.Truncated,
    };
}

internal sealed class KnownHaluEvalQa : KnownTask
{
    public override string Name => "factuality.halueval.qa";

    public override string About => "Does the model see that an answer to a question is invented? (Li et al. 2023)";

    public override IReadOnlyList<string> Files => ["halueval/generation/qa/qa_one-turn_data.json"];

    public override IEvaluationTask Open(Func<string, string> data) =>
        new HaluEval { Name = Name, Items = [.. Core.Data.HaluEval.ReadQuestions(data(Files[0])).Rows.Select(q => HaluEvalItem.Of(q, seed: 1))] };
}

internal sealed class KnownHaluEvalGeneral : KnownTask
{
    public override string Name => "factuality.halueval.general";

    public override string About => "Does the model see that people found something invented in an answer to a user? (Li et al. 2023)";

    public override IReadOnlyList<string> Files => ["halueval/data/general_data.json"];

    public override IEvaluationTask Open(Func<string, string> data) =>
        new HaluEval { Name = Name, Items = [.. Core.Data.HaluEval.ReadResponses(data(Files[0])).Rows.Select(HaluEvalItem.Of)] };
}
