using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Judges;

/// <summary>How a judge is asked.</summary>
public sealed record JudgeOptions
{
    /// <summary>Temperature of the first try. Default 0, as MT-bench's judge.</summary>
    public double Temperature { get; init; }

    /// <summary>Most tokens of a reply. Default 1,024; MT-bench's judge has 2,048, which leaves a small local judge no room for what it judges.</summary>
    public int MaxNewTokens { get; init; } = 1024;

    /// <summary>How often a judge is asked again when its reply could not be read. Default 2.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Temperature of a further try: at 0 the judge would only repeat itself. Default 0.7.</summary>
    public double RetryTemperature { get; init; } = 0.7;

    /// <summary>How many of the likeliest tokens are asked for in each place; 0 (default) for none.</summary>
    public int TopLogProbs { get; init; }
}

/// <summary>What came of asking a judge about one thing, retries included.</summary>
/// <typeparam name="T">Type of the verdict.</typeparam>
/// <param name="Verdict">The verdict, or why there is none.</param>
/// <param name="Reply">The last reply; empty when there was none.</param>
/// <param name="Retries">How often the judge was asked again.</param>
/// <param name="Truncated">True when the last reply, or what the judge was shown, was cut.</param>
public sealed record Judgement<T>(Parsed<T> Verdict, string Reply, int Retries, bool Truncated)
    where T : notnull;

/// <summary>Judgements and what they cost.</summary>
/// <typeparam name="T">Type of the verdicts.</typeparam>
/// <param name="All">One for each thing, in order.</param>
/// <param name="Cost">Tokens and seconds over all tries.</param>
public sealed record Judgements<T>(IReadOnlyList<Judgement<T>> All, Cost Cost)
    where T : notnull
{
    /// <summary>The verdicts, or why there are none.</summary>
    public IReadOnlyList<Parsed<T>> Verdicts => [.. All.Select(j => j.Verdict)];

    /// <summary>How often the judge was asked again, in all.</summary>
    public int Retries => All.Sum(j => j.Retries);
}

/// <summary>
/// A language model as a judge, an endpoint or a local model: a conversation goes in, a parser reads the verdict out of the reply. A reply that cannot be read is asked for again, at
/// most <see cref="JudgeOptions.Retries"/> times; after that there is no verdict, but the reason of the last reply.
/// </summary>
/// <param name="context">Keeps the replies, so that a run that was killed judges nothing twice.</param>
/// <param name="judge">The judge.</param>
/// <param name="options">How it is asked.</param>
public sealed class LlmJudge(EvaluationContext context, IEvaluatedModel judge, JudgeOptions options)
{
    /// <summary>Asks about many things, each on its own: one without a verdict takes nothing from the others.</summary>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="prompts">The conversation about each thing, which the judge continues.</param>
    /// <param name="parse">Reads the verdict of a reply.</param>
    public async Task<Judgements<T>> AskAsync<T>(string task, IReadOnlyList<IReadOnlyList<Message>> prompts, Func<GeneratedText, Parsed<T>> parse)
        where T : notnull
    {
        var judgements = new Judgement<T>[prompts.Count];
        var cost = new Cost(0, 0);
        int[] open = [.. Enumerable.Range(0, prompts.Count)];
        for (var tries = 0; tries <= options.Retries && open.Length > 0; tries++)
        {
            var answers = await context.AskAsync(tries == 0 ? task : $"{task}, try {tries + 1}", judge, [.. open.Select(i => Request(prompts[i], tries))]).ConfigureAwait(false);
            cost = new(cost.Tokens + answers.Cost.Tokens, cost.Seconds + answers.Cost.Seconds);
            foreach (var (i, response) in open.Zip(answers.Responses))
                judgements[i] = Read(response, parse, tries);
            // What was not answered is the engine's to retry, not the judge's.
            open = [.. open.Zip(answers.Responses).Where(a => a.Second is GeneratedTexts && !judgements[a.First].Verdict.HasValue).Select(a => a.First)];
        }

        return new(judgements, cost);
    }

    private GenerationRequest Request(IReadOnlyList<Message> prompt, int tries) => new(Prompt.OfMessages(prompt))
    {
        MaxNewTokens = options.MaxNewTokens,
        TopLogProbs = options.TopLogProbs,
        Temperature = tries == 0 ? options.Temperature : options.RetryTemperature,
        // A further try draws other tokens, the same ones in every run.
        Seed = (ulong)tries,
    };

    private static Judgement<T> Read<T>(Response response, Func<GeneratedText, Parsed<T>> parse, int tries)
        where T : notnull
    {
        if (response is not GeneratedTexts { First: var reply })
            return new(Parsed.None<T>("judge: " + ((Unanswered)response).Reason), "", tries, false);
        var verdict = string.IsNullOrWhiteSpace(reply.Text) ? Parsed.None<T>("judge: empty reply") : parse(reply);
        return new(verdict.HasValue ? verdict : Parsed.None<T>($"{verdict.Why}{(reply.Truncated ? ", in a reply that was cut" : "")}"), reply.Text, tries, reply.Truncated);
    }
}
