using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Judges;

/// <summary>An answer of the evaluated model and what the judge says of it.</summary>
/// <typeparam name="T">Type of the verdict.</typeparam>
/// <param name="Answer">The answer; empty when there is none.</param>
/// <param name="Verdict">The verdict, or why there is none: no answer, or an answer that the judge says nothing usable of.</param>
/// <param name="Reply">The judge's reply; empty when there is none.</param>
/// <param name="Truncated">True when answer or reply was cut.</param>
internal sealed record Judged<T>(string Answer, Parsed<T> Verdict, string Reply, bool Truncated)
    where T : notnull
{
    /// <summary>The answer as an item of a measure.</summary>
    /// <param name="id">Id of the item.</param>
    /// <param name="input">What the model was asked.</param>
    /// <param name="score">The score of a verdict.</param>
    /// <param name="words">The verdict in words.</param>
    public ItemResult ToItem(string id, string input, Func<T, double> score, Func<T, string> words) => new()
    {
        Id = id,
        Input = input,
        Output = Answer,
        Score = Verdict.HasValue ? score(Verdict.Value) : null,
        Why = Verdict.HasValue ? words(Verdict.Value) : Verdict.Why,
        Truncated = Truncated,
    };
}

/// <summary>Verdicts over the answers to some prompts.</summary>
/// <typeparam name="T">Type of the verdicts.</typeparam>
/// <param name="All">One for each prompt, in order.</param>
/// <param name="Retries">How often the judge was asked again.</param>
/// <param name="Cost">Of answering and judging together.</param>
internal sealed record JudgedRound<T>(IReadOnlyList<Judged<T>> All, int Retries, Cost Cost)
    where T : notnull;

/// <summary>The evaluated model answers, the judge judges the answers that there are.</summary>
internal static class JudgedAnswering
{
    /// <summary>What a model is asked, in a conversation where it takes one, else as text that it continues.</summary>
    public static GenerationRequest Request(EvaluationContext context, string prompt, int maxNewTokens) =>
        new(context.GeneratesInChat ? Prompt.OfMessages([new Message("user", prompt)]) : Prompt.OfText(prompt)) { MaxNewTokens = maxNewTokens };

    /// <summary>The text of a response, or why there is none.</summary>
    public static (string Text, string? Why, bool Truncated) TextOf(Response response) => response switch
    {
        GeneratedTexts { First: var first } => (first.Text, string.IsNullOrWhiteSpace(first.Text) ? "empty answer" : null, first.Truncated),
        Unanswered unanswered => ("", unanswered.Reason, false),
        _ => throw new InvalidOperationException($"a response of type {response.GetType().Name}"),
    };

    /// <summary>Words behind a measure's meaning: who judged, and how often it had to be asked again.</summary>
    public static string By(IEvaluatedModel judge, int retries) => $"judge: {judge.Name}{(retries > 0 ? $", asked again {retries} times" : "")}";

    /// <summary>Answers and judges.</summary>
    /// <param name="context">The context.</param>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="items">The items.</param>
    /// <param name="request">What the model is asked about an item.</param>
    /// <param name="judge">The judge.</param>
    /// <param name="options">How the judge is asked.</param>
    /// <param name="judgePrompt">What the judge is asked about an item and its answer.</param>
    /// <param name="parse">Reads the verdict.</param>
    public static async Task<JudgedRound<T>> RunAsync<TItem, T>(
        EvaluationContext context,
        string task,
        IReadOnlyList<TItem> items,
        Func<TItem, GenerationRequest> request,
        IEvaluatedModel judge,
        JudgeOptions options,
        Func<TItem, string, IReadOnlyList<Message>> judgePrompt,
        Func<GeneratedText, Parsed<T>> parse)
        where T : notnull
    {
        var answers = await context.AskAsync(task, [.. items.Select(i => (Request)request(i))]).ConfigureAwait(false);
        var texts = answers.Responses.Select(TextOf).ToArray();
        int[] answered = [.. Enumerable.Range(0, items.Count).Where(i => texts[i].Why is null)];
        var judgements = await new LlmJudge(context, judge, options).AskAsync($"{task}, judging", [.. answered.Select(i => judgePrompt(items[i], texts[i].Text))], parse).ConfigureAwait(false);
        var all = texts.Select(t => new Judged<T>(t.Text, Parsed.None<T>(t.Why ?? ""), "", t.Truncated)).ToArray();
        foreach (var (i, judgement) in answered.Zip(judgements.All))
            all[i] = new(texts[i].Text, judgement.Verdict, judgement.Reply, texts[i].Truncated || judgement.Truncated);
        return new(all, judgements.Retries, new(answers.Cost.Tokens + judgements.Cost.Tokens, answers.Cost.Seconds + judgements.Cost.Seconds));
    }
}
