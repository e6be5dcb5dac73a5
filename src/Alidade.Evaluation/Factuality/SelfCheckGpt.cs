using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Judges;
using Alidade.Evaluation.TextOverlap;

namespace Alidade.Evaluation.Factuality;

/// <summary>How samples are held against a sentence.</summary>
public enum SelfCheckMethod
{
    /// <summary>A unigram model of the samples.</summary>
    NGram,

    /// <summary>Contradiction by an entailment model.</summary>
    Nli,

    /// <summary>The nearest sentence of a sample by BERTScore, on the encoder of the masked language model.</summary>
    BertScore,

    /// <summary>A judge asked whether a sample supports the sentence.</summary>
    Prompt,
}

/// <summary>
/// SelfCheckGPT on what the model writes: it answers each prompt once by the likeliest tokens and several times at random; what the random answers do not bear out is likely
/// invented. No reference is needed. The score is the mean inconsistency over the sentences of the first answer.
/// </summary>
/// <remarks>Manakul et al. 2023 (arXiv 2303.08896). The sample is the premise and the sentence the hypothesis, as the paper says; the authors' code has them the other way
/// round.</remarks>
public sealed record SelfCheckGpt : IEvaluationTask, IValidated
{
    /// <inheritdoc/>
    public string Name => "factuality.selfcheck";

    /// <summary>The prompts.</summary>
    public required IReadOnlyList<PromptRow> Items { get; init; }

    /// <summary>How samples are held against a sentence. Default by n-grams, which needs no instrument.</summary>
    public SelfCheckMethod Method { get; init; } = SelfCheckMethod.NGram;

    /// <summary>Random answers to each prompt. Default 20, as in the paper.</summary>
    public int Samples { get; init; } = 20;

    /// <summary>Temperature of the random answers. Default 1.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Most new tokens of an answer. Default 128.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>How the judge of <see cref="SelfCheckMethod.Prompt"/> is asked.</summary>
    public JudgeOptions Judge { get; init; } = new() { MaxNewTokens = 64 };

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (Samples < 1)
            yield return $"samples: {Samples}; at least 1 is needed";
        if (!(Temperature > 0))
            yield return $"temperature: {Temperature}; random answers need one above 0";
    }

    /// <inheritdoc/>
    /// <returns>One number, named after the method, such as <c>factuality.selfcheck.ngram</c>.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        Need(context.Instruments);
        var items = context.Choose(Items);
        var first = await context.AskAsync("SelfCheckGPT, answers", [.. items.Select(i => Request(i, context))]).ConfigureAwait(false);
        var more = await context.AskAsync("SelfCheckGPT, samples", [.. items.Select(i => Request(i, context) with { Samples = Samples, Temperature = Temperature, Seed = context.Seed })]).ConfigureAwait(false);
        var passages = items.Select((item, i) => new Passage(item, first.Responses[i], more.Responses[i])).ToArray();
        var (scores, cost, unread) = Method switch
        {
            SelfCheckMethod.Nli => (ByNli(passages, context), new Cost(0, 0), 0),
            SelfCheckMethod.BertScore => (ByBertScore(passages, context), new Cost(0, 0), 0),
            SelfCheckMethod.Prompt => await ByPromptAsync(passages, context).ConfigureAwait(false),
            _ => (passages.Select(ByNGrams), new Cost(0, 0), 0),
        };
        var about = new Measurement
        {
            Name = $"{Name}.{Method.ToString().ToLowerInvariant()}",
            Meaning = $"Inconsistency of the model's answers with {Samples} random answers of its own, by {Method}, mean over the sentences of an answer and over the answers; 0 is consistent."
                + (unread > 0 ? $" {unread} replies of the judge were neither yes nor no and count one half." : ""),
            Unit = Method == SelfCheckMethod.NGram ? "nats" : "score",
            Direction = Direction.Lower,
            Count = 0,
            Cost = new(first.Cost.Tokens + more.Cost.Tokens + cost.Tokens, first.Cost.Seconds + more.Cost.Seconds + cost.Seconds),
        };
        return [MeasureSummary.OfMean(about, [.. passages.Zip(scores, (passage, sentences) => passage.Result(sentences))])];
    }

    // Before the model is asked for anything.
    private void Need(Instruments instruments) => _ = Method switch
    {
        SelfCheckMethod.Nli => instruments.NeedEntailment(Name),
        SelfCheckMethod.BertScore => instruments.NeedMasked(Name),
        SelfCheckMethod.Prompt => instruments.NeedJudge(Name),
        _ => (object?)null,
    };

    private GenerationRequest Request(PromptRow item, EvaluationContext context) => context.GeneratesInChat
        ? new(new Message("user", item.Text)) { MaxNewTokens = MaxNewTokens }
        : new(Prompt.OfText(item.Text)) { MaxNewTokens = MaxNewTokens };

    private static IReadOnlyList<double> ByNGrams(Passage passage) => passage.Sentences.Count == 0 || passage.Samples.Count == 0 ? []
        : new SelfCheckNGram().Score([.. passage.Sentences.Select(TextUnits.Words)], passage.Samples.Select(s => TextUnits.Sentences(s).Select(TextUnits.Words).ToArray())).Mean;

    private IEnumerable<IReadOnlyList<double>> ByNli(Passage[] passages, EvaluationContext context)
    {
        var reader = new EntailmentReader(context.Instruments.NeedEntailment(Name));
        return passages.Select(p => (IReadOnlyList<double>)[.. p.Samples.Count == 0 ? [] : reader.Read(p.Sentences.SelectMany(s => p.Samples.Select(sample => (sample, s))), context.Cancellation)
            .Chunk(p.Samples.Count).Select(readings => SelfCheck.Nli([.. readings.Select(r => (r.EntailmentLogit, r.ContradictionLogit))]))]);
    }

    private IEnumerable<IReadOnlyList<double>> ByBertScore(Passage[] passages, EvaluationContext context)
    {
        var scorer = new BertScorer { Encoder = context.Instruments.NeedMasked(Name).Encoder };
        foreach (var passage in passages)
        {
            var samples = passage.Samples.Select(TextUnits.Sentences).Where(s => s.Count > 0).ToArray();
            var pairs = passage.Sentences.SelectMany(s => samples.SelectMany(sample => sample.Select(other => (s, other)))).Distinct().ToArray();
            var scores = pairs.Zip(scorer.Score(pairs, context.Cancellation)).ToDictionary(p => p.First, p => p.Second?.F ?? 0);
            yield return samples.Length == 0 ? [] : [.. passage.Sentences.Select(s => SelfCheck.BertScore([.. samples.Select(sample => sample.Select(other => scores[(s, other)]).ToArray())]))];
        }
    }

    private async Task<(IEnumerable<IReadOnlyList<double>> Scores, Cost Cost, int Unread)> ByPromptAsync(Passage[] passages, EvaluationContext context)
    {
        var questions = passages.SelectMany(p => p.Sentences.SelectMany(s => p.Samples.Select(sample =>
            $"Context: {sample}\n\nSentence: {s}\n\nIs the sentence supported by the context above? Answer Yes or No.\n\nAnswer: ")));
        var replies = await new LlmJudge(context, context.Instruments.NeedJudge(Name), Judge)
            .AskAsync("SelfCheckGPT, judge", [.. questions.Select(q => new[] { new Message("user", q) })], reply => YesNoReply.Read(reply.Text)).ConfigureAwait(false);
        var (at, unread) = (0, 0);
        var scores = new List<IReadOnlyList<double>>();
        foreach (var passage in passages)
            scores.Add([.. passage.Sentences.Select(_ =>
            {
                // A reply that cannot be read counts one half, a sample that the judge never answered about does not count.
                var answered = replies.All.Skip(at).Take(passage.Samples.Count).Where(r => r.Reply.Length > 0).Select(r => r.Verdict).ToArray();
                at += passage.Samples.Count;
                unread += answered.Count(v => !v.HasValue);
                return answered.Length == 0 ? double.NaN : SelfCheck.Prompt([.. answered.Select(v => v.HasValue ? v.Value : (bool?)null)]);
            })]);
        return (scores, replies.Cost, unread);
    }

    /// <summary>An answer with its sentences, and the random answers beside it.</summary>
    private sealed record Passage(PromptRow Item, Response First, Response More)
    {
        public IReadOnlyList<string> Sentences { get; } = First is GeneratedTexts texts ? TextUnits.Sentences(texts.First.Text) : [];

        public IReadOnlyList<string> Samples { get; } = More is GeneratedTexts texts ? [.. texts.Texts.Select(t => t.Text).Where(t => !string.IsNullOrWhiteSpace(t))] : [];

        /// <param name="scores">One a sentence; NaN for a sentence that could not be scored.</param>
        public ItemResult Result(IReadOnlyList<double> scores)
        {
            var scored = scores.Where(double.IsFinite).ToArray();
            return new()
            {
                Id = Item.Id,
                Input = Item.Text,
                Output = First is GeneratedTexts texts ? texts.First.Text : "",
                Score = scored.Length == 0 ? null : scored.Average(),
                Why = First is Unanswered first ? first.Reason
                    : More is Unanswered more ? more.Reason
                    : Sentences.Count == 0 ? "the answer holds no sentence"
                    : Samples.Count == 0 ? "no random answer holds text"
                    : scored.Length == 0 ? "the judge answered nothing"
                    : string.Join("; ", Sentences.Zip(scores, (s, score) => $"{Shown.Share(score)} {s}")),
                Truncated = First is GeneratedTexts { First.Truncated: true },
            };
        }
    }
}
