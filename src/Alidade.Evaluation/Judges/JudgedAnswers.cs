using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Models;
using Alidade.Models.Chat;
using Alidade.Models.Generation;

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
    /// <param name="model">The model as it stands.</param>
    /// <param name="items">The requests.</param>
    /// <param name="options">How.</param>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="context">Progress and cancellation.</param>
    /// <returns>One answer a request, in order, and the cost: tokens read and generated.</returns>
    /// <exception cref="AlidadeException">The model has no chat template, or an option is out of range.</exception>
    public static (IReadOnlyList<JudgedAnswer> Answers, Cost Cost) Of(
        CausalLM model, IReadOnlyList<RefusalItem> items, AnswerOptions options, string task, MeasureContext context)
    {
        var watch = Stopwatch.StartNew();
        var begun = options.Prefill.Length == 0 ? [] : model.Tokenizer.EncodeUntrusted(options.Prefill);
        var prompts = items.Select(i => (IReadOnlyList<int>)[.. ChatEncoder.Prompt(model, [new("user", i.Prompt)]), .. begun]).ToArray();
        var fitting = Enumerable.Range(0, items.Count).Where(i => prompts[i].Count < model.Config.ContextLength).ToArray();
        var generated = TextGenerator.Generate(
            model, [.. fitting.Select(i => prompts[i])], new() { MaxNewTokens = options.MaxNewTokens }, new Relay(task, fitting.Length, context.Progress), context.Cancellation);
        var answers = items.Select(i => new JudgedAnswer(i, "", null, "the request fills the model's context", false)).ToArray();
        for (var i = 0; i < fitting.Length; i++)
            answers[fitting[i]] = Judged(items[fitting[i]], generated[i], options);
        var tokens = fitting.Sum(i => (long)prompts[i].Count) + generated.Sum(g => (long)g.Ids.Count);
        return (answers, new(tokens, watch.Elapsed.TotalSeconds));
    }

    private static JudgedAnswer Judged(RefusalItem item, Generated generated, AnswerOptions options)
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

    private sealed class Relay(string task, int total, IProgress<Progress>? progress) : IProgress<int>
    {
        public void Report(int value) => progress?.Report(new(task, value, total));
    }
}
