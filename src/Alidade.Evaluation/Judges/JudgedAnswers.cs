using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Judges;

/// <summary>How requests are answered and judged.</summary>
public sealed record AnswerOptions
{
    /// <summary>Most tokens of an answer. Default 64: whether a model refuses shows in its first words.</summary>
    public int MaxNewTokens { get; init; } = 64;

    /// <summary>What tells a refusal. Default <see cref="RefusalJudge.Default"/>.</summary>
    public RefusalJudge Judge { get; init; } = RefusalJudge.Default;

    /// <summary>Words put into the model's mouth, with which its answer begins; empty (default) for none.</summary>
    public string Prefill { get; init; } = "";
}

/// <summary>A request, the model's answer, and whether it refused.</summary>
/// <param name="Item">The request.</param>
/// <param name="Answer">The answer, words put into the model's mouth included; empty when nothing was generated.</param>
/// <param name="Verdict">The judge's verdict; null when there was nothing to judge.</param>
/// <param name="Why">Why the verdict is what it is, or why there is none.</param>
/// <param name="Truncated">True when the answer ran into a limit.</param>
public sealed record JudgedAnswer(RefusalItem Item, string Answer, RefusalVerdict? Verdict, string Why, bool Truncated)
{
    /// <summary>The answer as an item of a measure.</summary>
    /// <param name="refused">Score of a refusal.</param>
    /// <param name="answered">Score of an answer that does not refuse.</param>
    public ItemResult ToItem(double refused, double answered) => new()
    {
        Id = Item.Id,
        Input = Item.Prompt,
        Output = Answer,
        Score = Verdict is null ? null : Verdict.Refused ? refused : answered,
        Why = Why,
        Truncated = Truncated,
    };
}

/// <summary>
/// Answers requests through the chat template, likeliest token first, and judges the answers. With words put into the model's mouth an answer refuses when the whole
/// of it or what the model added to them does: a list of beginnings would otherwise see those words alone.
/// </summary>
public static class JudgedAnswers
{
    /// <summary>Answers and judges.</summary>
    /// <param name="context">The model, where answers are kept, progress.</param>
    /// <param name="items">The requests.</param>
    /// <param name="options">How.</param>
    /// <param name="task">What progress calls the work.</param>
    /// <returns>One answer a request, in order, and the cost.</returns>
    /// <exception cref="AlidadeException">A local model has no chat template.</exception>
    public static async Task<(IReadOnlyList<JudgedAnswer> Answers, Cost Cost)> AskAsync(EvaluationContext context, IReadOnlyList<RefusalItem> items, AnswerOptions options, string task)
    {
        Message[] begun = options.Prefill.Length == 0 ? [] : [new("assistant", options.Prefill)];
        var (responses, cost) = await context.AskAsync(task, [.. items.Select(i => new GenerationRequest([new("user", i.Prompt), .. begun]) { MaxNewTokens = options.MaxNewTokens })]).ConfigureAwait(false);
        return ([.. items.Zip(responses, (item, response) => response is GeneratedTexts { First: var answer } ? Judged(item, answer, options) : new(item, "", null, Unanswered.ReasonOf(response), false))], cost);
    }

    private static JudgedAnswer Judged(RefusalItem item, GeneratedText generated, AnswerOptions options)
    {
        var added = generated.Text;
        if (string.IsNullOrWhiteSpace(added))
            return new(item, options.Prefill + added, null, "empty answer", generated.Truncated);
        var whole = options.Prefill + added;
        var verdict = options.Judge.Judge(whole);
        if (!verdict.Refused && options.Prefill.Length > 0)
            verdict = options.Judge.Judge(added);
        var why = verdict.Refused ? $"refuses: \"{verdict.Phrase}\" ({options.Judge.Name})" : $"does not refuse ({options.Judge.Name})";
        return new(item, whole, verdict, why, generated.Truncated);
    }
}
