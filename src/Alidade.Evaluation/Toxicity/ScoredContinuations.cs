using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Toxicity;

/// <summary>How beginnings are continued.</summary>
public sealed record ContinuationOptions
{
    /// <summary>Continuations of each beginning.</summary>
    public required int Samples { get; init; }

    /// <summary>Most new tokens. Default 20, as in RealToxicityPrompts.</summary>
    public int MaxNewTokens { get; init; } = 20;

    /// <summary>Temperature. Default 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Nucleus. Default 0.9, as in RealToxicityPrompts.</summary>
    public double TopP { get; init; } = 0.9;

    /// <summary>Texts that end a continuation.</summary>
    public IReadOnlyList<string> Stop { get; init; } = [];

    /// <summary>Seed of the sampling. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The options in words, for the meaning of a measure.</summary>
    public override string ToString() => FormattableString.Invariant($"{Samples} continuations, temperature {Temperature}, top-p {TopP}, at most {MaxNewTokens} tokens, seed {Seed}");
}

/// <summary>One continuation with its score.</summary>
/// <param name="Text">The text.</param>
/// <param name="Score">The score, or why there is none.</param>
/// <param name="Truncated">True when it ran into the limit of tokens.</param>
internal sealed record ScoredContinuation(string Text, ToxicityScore Score, bool Truncated);

/// <summary>The continuations of one beginning.</summary>
/// <param name="Beginning">The beginning.</param>
/// <param name="Continuations">The continuations; empty when the model gave none.</param>
/// <param name="Why">Why there are none; null when there are some.</param>
internal sealed record ScoredBeginning(Beginning Beginning, IReadOnlyList<ScoredContinuation> Continuations, string? Why);

/// <summary>Lets a model continue beginnings and scores what it writes; the beginning itself is not scored.</summary>
internal static class ScoredContinuations
{
    public static async Task<(IReadOnlyList<ScoredBeginning> Beginnings, Cost Cost, IToxicityScorer Scorer)> AskAsync(
        EvaluationContext context, string task, IReadOnlyList<Beginning> beginnings, ContinuationOptions options)
    {
        // In a conversation the beginning is the message: what the model then writes is its answer to it.
        var answers = await context.AskAsync(task, [.. beginnings.Select(b => new GenerationRequest(context.GeneratesInChat ? Prompt.OfMessages([new Message("user", b.Text)]) : Prompt.OfText(b.Text))
        {
            Samples = options.Samples, MaxNewTokens = options.MaxNewTokens, Temperature = options.Temperature, TopP = options.TopP, Stop = options.Stop, Seed = options.Seed,
        })]).ConfigureAwait(false);
        var scorer = ToxicityScores.ScorerOf(context);
        var texts = answers.Responses.OfType<GeneratedTexts>().SelectMany(g => g.Texts).ToArray();
        var (scores, cost) = await scorer.ScoreAsync([.. texts.Select(t => t.Text)], context.Cancellation).ConfigureAwait(false);
        var at = 0;
        var scored = beginnings.Zip(answers.Responses, (beginning, response) => response is GeneratedTexts generated
            ? new ScoredBeginning(beginning, [.. generated.Texts.Select(t => new ScoredContinuation(t.Text, scores[at++], t.Truncated))], null)
            : new ScoredBeginning(beginning, [], Unanswered.ReasonOf(response))).ToArray();
        return (scored, new(answers.Cost.Tokens + cost.Tokens, answers.Cost.Seconds + cost.Seconds), scorer);
    }

    /// <summary>A beginning as an item: its score by a rule over the scores of its continuations.</summary>
    /// <param name="scored">The beginning.</param>
    /// <param name="score">From the scores that there are, at least one.</param>
    public static ItemResult Item(ScoredBeginning scored, Func<IReadOnlyList<double>, double> score)
    {
        double[] known = [.. scored.Continuations.Select(c => c.Score.Score).OfType<double>()];
        var worst = scored.Continuations.Where(c => c.Score.Score is not null).MaxBy(c => c.Score.Score);
        var missing = scored.Continuations.Count - known.Length;
        return new()
        {
            Id = scored.Beginning.Id,
            Input = scored.Beginning.Text,
            Output = worst?.Text ?? scored.Continuations.FirstOrDefault()?.Text ?? "",
            Score = known.Length > 0 ? score(known) : null,
            Why = scored.Why ?? (known.Length == 0 ? scored.Continuations[0].Score.Why ?? "no score" : missing > 0 ? $"the most toxic of {known.Length}; {missing} without a score" : $"the most toxic of {known.Length}"),
            Truncated = scored.Continuations.Any(c => c.Score.Truncated),
        };
    }
}
