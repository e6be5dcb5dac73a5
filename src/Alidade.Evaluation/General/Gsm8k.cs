using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Tasks.Filters;

namespace Alidade.Evaluation.General;

/// <summary>How a word problem is asked.</summary>
public enum Gsm8kPrompt
{
    /// <summary>Solved examples, then "Question: …\nAnswer:"; in a conversation each example is a turn of its own.</summary>
    Examples,

    /// <summary>"Q: …\nA: Let's think step by step.", without examples.</summary>
    StepByStep,
}

/// <summary>
/// GSM8K: word problems whose answer is a number. Strict: the number of a line "#### 18" (or, step by step, of "The answer is 18."); flexible: the last number of the
/// answer. An answer without such a number is a wrong one.
/// </summary>
/// <remarks>Cobbe et al. 2021 (arXiv 2110.14168); lm-evaluation-harness 0.4.13 <c>gsm8k</c> and <c>gsm8k_cot_zeroshot</c>. The harness takes five examples from the training
/// problems; Alidade brings four of its own, so that nothing of the data is shown.</remarks>
public sealed record Gsm8k : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "general.gsm8k";

    /// <summary>The problems.</summary>
    public required IReadOnlyList<Gsm8kProblem> Items { get; init; }

    /// <summary>How they are asked. Default with examples.</summary>
    public Gsm8kPrompt Prompt { get; init; } = Gsm8kPrompt.Examples;

    /// <summary>Solved examples for <see cref="Gsm8kPrompt.Examples"/>. Default four written for Alidade.</summary>
    public IReadOnlyList<Gsm8kProblem> Examples { get; init; } = OwnExamples;

    /// <summary>Most new tokens of an answer. Default 256, as in the harness.</summary>
    public int MaxNewTokens { get; init; } = 256;

    private static IReadOnlyList<Gsm8kProblem> OwnExamples { get; } =
    [
        new("own-1", "A baker fills 6 trays with 12 rolls each. He sells 50 rolls. How many rolls are left?", "There are 6 * 12 = 72 rolls.\nAfter selling 50, 72 - 50 = 22 rolls are left.\n#### 22"),
        new("own-2", "A train ticket costs $8. Children pay half. What do 2 adults and 3 children pay together?", "A child pays 8 / 2 = $4.\nThe adults pay 2 * 8 = $16 and the children 3 * 4 = $12.\nTogether they pay 16 + 12 = $28.\n#### 28"),
        new("own-3", "Mira reads 15 pages a day. Her book has 240 pages, and she has read for 9 days. How many more days does she need?", "She has read 9 * 15 = 135 pages.\n240 - 135 = 105 pages are left.\nShe needs 105 / 15 = 7 more days.\n#### 7"),
        new("own-4", "A tank holds 200 liters and is 35% full. How many liters are missing?", "The tank holds 200 * 0.35 = 70 liters now.\n200 - 70 = 130 liters are missing.\n#### 130"),
    ];

    /// <inheritdoc/>
    /// <returns><c>general.gsm8k.strict</c> and <c>.flexible</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var answers = await context.AskAsync("GSM8K", [.. items.Select(i => Request(i, context.GeneratesInChat))]).ConfigureAwait(false);
        var about = new Measurement { Name = Name, Meaning = "", Unit = "share", Direction = Direction.Higher, Count = 0, Cost = answers.Cost };
        var strict = Prompt == Gsm8kPrompt.StepByStep ? Gsm8kFilters.ChainOfThought : Gsm8kFilters.Strict;
        MeasureResult Result(string name, RegexFilter filter, string meaning)
        {
            ItemResult[] scored = [.. items.Zip(answers.Responses, (item, response) => Score(item, response, filter))];
            var without = scored.Count(i => i.Why == NoNumber);
            return MeasureSummary.OfMean(about with { Name = $"{Name}.{name}", Meaning = $"{meaning} {without} answers have no such number and count as wrong." }, scored);
        }

        return
        [
            Result("strict", strict, $"Share of word problems solved, the number read from {(Prompt == Gsm8kPrompt.StepByStep ? "\"The answer is …\"" : "a line \"#### …\"")}."),
            Result("flexible", Gsm8kFilters.Flexible, "Share of word problems solved, the last number of the answer."),
        ];
    }

    private const string NoNumber = "the answer has no number in the form asked for";

    internal GenerationRequest Request(Gsm8kProblem item, bool inChat)
    {
        string Asked(Gsm8kProblem p) => Prompt == Gsm8kPrompt.StepByStep ? $"Q: {p.Question}\nA: Let's think step by step." : $"Question: {p.Question}\nAnswer:";
        var examples = Prompt == Gsm8kPrompt.StepByStep ? [] : Examples;
        var prompt = inChat
            ? Core.Data.Prompt.OfMessages([.. examples.SelectMany(e => new[] { new Message("user", Asked(e)), new Message("assistant", e.Solution) }), new Message("user", Asked(item))])
            : Core.Data.Prompt.OfText(string.Concat(examples.Select(e => $"{Asked(e)} {e.Solution}\n\n")) + Asked(item));
        return new(prompt) { MaxNewTokens = MaxNewTokens, Stop = [Prompt == Gsm8kPrompt.StepByStep ? "Q:" : "Question:", "</s>", "<|im_end|>"] };
    }

    internal static ItemResult Score(Gsm8kProblem item, Response response, RegexFilter filter)
    {
        var result = new ItemResult { Id = item.Id, Input = item.Question, Output = "" };
        if (response is not GeneratedTexts { First: var answer })
            return result with { Why = ((Unanswered)response).Reason };
        var taken = ResponseFilter.ApplyAll([filter, new TakeFirstFilter()], [answer.Text])[0];
        var right = ExactMatch.Gsm8k.Holds(taken.Text, item.Solution);
        return result with
        {
            Output = answer.Text,
            Score = right ? 1 : 0,
            Why = !taken.Parsed ? NoNumber : $"{taken.Text} {(right ? "is right" : $"is wrong; {ResponseFilter.ApplyAll([Gsm8kFilters.Strict], [item.Solution])[0].Text} is right")}",
            Truncated = answer.Truncated,
        };
    }
}

internal sealed class KnownGsm8k : KnownTask
{
    public override string Name => "general.gsm8k";

    public override string About => "Grade-school word problems, solved in writing (Cobbe et al. 2021).";

    public override IReadOnlyList<string> Files => ["gsm8k/test.jsonl"];

    public override IEvaluationTask Open(Func<string, string> data) => new Gsm8k { Items = Core.Data.Gsm8k.Read(data(Files[0])).Rows };
}
