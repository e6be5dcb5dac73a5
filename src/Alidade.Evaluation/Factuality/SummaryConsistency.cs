using System.Globalization;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Factuality;

/// <summary>How a document and a summary are cut into the chunks that SummaC compares.</summary>
public enum SummaryGranularity
{
    /// <summary>Paragraphs of both, the default of the authors' class.</summary>
    Paragraph,

    /// <summary>Sentences of both, the best of the paper.</summary>
    Sentence,

    /// <summary>The whole document with every sentence of the summary.</summary>
    Document,
}

/// <summary>Scores the consistency of summaries with their documents by an entailment model; summaries that the rows do not hold are written by the evaluated model.</summary>
public abstract record SummaryConsistency : IEvaluationTask
{
    /// <summary>A summary that has no sentence to be scored.</summary>
    protected const string NothingToScore = "the document or the summary holds nothing to compare";

    /// <inheritdoc/>
    public abstract string Name { get; }

    /// <summary>Documents, with or without summaries.</summary>
    public required IReadOnlyList<SummaryRow> Items { get; init; }

    /// <summary>Most new tokens of a summary that the model writes. Default 128.</summary>
    public int MaxNewTokens { get; init; } = 128;

    /// <summary>What the score is, in one sentence.</summary>
    private protected abstract string Meaning { get; }

    /// <summary>The score of a summary, or null when there is nothing to compare; and whether a chunk was longer than the entailment model reads.</summary>
    private protected delegate (double? Score, bool Cut) Scorer(string document, string summary, CancellationToken cancellation);

    /// <summary>What scores; made once a run.</summary>
    private protected abstract Scorer Open(EntailmentReader reader);

    /// <inheritdoc/>
    /// <returns>The mean score; where the rows hold human judgements, also how well the scores agree with them.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var scorer = Open(new EntailmentReader(context.Instruments.NeedEntailment(Name)));
        var items = context.Choose(Items);
        var without = items.Where(i => i.Summary is null).ToArray();
        var written = await context.AskAsync(Name, [.. without.Select(i => Request(i, context.GeneratesInChat))]).ConfigureAwait(false);
        var responses = without.Zip(written.Responses).ToDictionary(p => p.First.Id, p => p.Second, StringComparer.Ordinal);
        var results = new List<ItemResult>();
        foreach (var item in items)
        {
            results.Add(Result(item, responses.GetValueOrDefault(item.Id), scorer, context.Cancellation));
            context.Progress?.Report(new($"{Name}, scored", results.Count, items.Count));
        }

        var about = new Measurement { Name = Name, Meaning = Meaning, Unit = "score", Direction = Direction.Higher, Count = 0, Cost = written.Cost };
        return [MeasureSummary.OfMean(about, results), .. ScorerAgreement.Of(about, results, items.ToDictionary(i => i.Id, i => (i.Human, i.System), StringComparer.Ordinal))];
    }

    private GenerationRequest Request(SummaryRow item, bool inChat) => inChat
        ? new(new Message("user", $"Summarize the following text in one to three sentences.\n\n{item.Document}")) { MaxNewTokens = MaxNewTokens }
        : new(Prompt.OfText(item.Document + "\n\nTL;DR:")) { MaxNewTokens = MaxNewTokens, Stop = ["\n\n"] };

    private ItemResult Result(SummaryRow item, Response? response, Scorer scorer, CancellationToken cancellation)
    {
        var result = new ItemResult { Id = item.Id, Input = item.Document, Output = item.Summary ?? "" };
        if (response is Unanswered unanswered)
            return result with { Why = unanswered.Reason };
        var own = response is GeneratedTexts texts ? texts.First : null;
        var summary = item.Summary ?? own!.Text;
        var (score, cut) = scorer(item.Document, summary, cancellation);
        return result with
        {
            Output = summary,
            Score = score,
            Why = score is null ? NothingToScore : item.Human is { } human ? string.Create(CultureInfo.InvariantCulture, $"people: {human}") : null,
            Truncated = cut || own is { Truncated: true },
        };
    }
}

/// <summary>SummaC-ZS over a file of documents and summaries, with any NLI model.</summary>
/// <remarks>Laban et al. 2022 (arXiv 2111.09525); chunks of at most 10 characters are dropped and the document is read up to its 100th chunk, as in the authors' code.</remarks>
public sealed record SummaCTask : SummaryConsistency
{
    private const int ShortestChunk = 10;
    private const int MostChunks = 100;

    /// <inheritdoc/>
    public override string Name => "factuality.summac";

    /// <summary>How scores of pairs become one.</summary>
    public SummaCZeroShot Method { get; init; } = new();

    /// <summary>How the texts are cut. Default paragraphs.</summary>
    public SummaryGranularity Granularity { get; init; } = SummaryGranularity.Paragraph;

    private protected override string Meaning => $"SummaC-ZS ({Granularity.ToString().ToLowerInvariant()}s): entailment of the summary by the document, −1 to 1, mean over the summaries.";

    private protected override Scorer Open(EntailmentReader reader) => (document, summary, cancellation) =>
    {
        var (pairs, cut) = Read(reader, document, summary, Granularity, cancellation);
        return (pairs is null ? null : Method.Score(pairs), cut);
    };

    /// <summary>What the model says of every chunk of the document with every chunk of the summary; null when a side has none.</summary>
    internal static (IReadOnlyList<IReadOnlyList<NliProbabilities>>? Pairs, bool Cut) Read(
        EntailmentReader reader, string document, string summary, SummaryGranularity granularity, CancellationToken cancellation)
    {
        var chunks = Chunks(document, granularity);
        var sentences = Chunks(summary, granularity == SummaryGranularity.Document ? SummaryGranularity.Sentence : granularity);
        if (chunks.Length == 0 || sentences.Length == 0)
            return (null, false);
        var readings = reader.Read(chunks.Take(MostChunks).SelectMany(c => sentences.Select(s => (c, s))), cancellation);
        return ([.. readings.Select(r => r.Probabilities).Chunk(sentences.Length)], chunks.Length > MostChunks || readings.Any(r => r.Cut));
    }

    private static string[] Chunks(string text, SummaryGranularity granularity) => granularity switch
    {
        SummaryGranularity.Document => [text],
        SummaryGranularity.Sentence => [.. TextUnits.Sentences(text).Where(s => s.Length > ShortestChunk)],
        _ => [.. TextUnits.Paragraphs(text).Where(p => p.Length > ShortestChunk)],
    };
}

/// <summary>SummaC-Conv over a file of documents and summaries, with weights that the user brings.</summary>
/// <remarks>Laban et al. 2022 (arXiv 2111.09525), section 3.3. The weights belong to one NLI model (<c>vitc</c> for the published ones): with another the scores mean nothing.</remarks>
public sealed record SummaCConvTask : SummaryConsistency
{
    /// <inheritdoc/>
    public override string Name => "factuality.summac_conv";

    /// <summary>The safetensors file of the weights; see <see cref="SummaCConv.Load"/>.</summary>
    public required string Weights { get; init; }

    /// <summary>How the texts are cut. Default sentences, as the published weights were trained.</summary>
    public SummaryGranularity Granularity { get; init; } = SummaryGranularity.Sentence;

    private protected override string Meaning => "SummaC-Conv: probability that the summary is consistent with the document, mean over the summaries.";

    private protected override Scorer Open(EntailmentReader reader)
    {
        var weights = SummaCConv.Load(Weights);
        return (document, summary, cancellation) =>
        {
            var (pairs, cut) = SummaCTask.Read(reader, document, summary, Granularity, cancellation);
            return (pairs is null ? null : weights.Score(pairs), cut);
        };
    }
}

/// <summary>AlignScore over a file of documents and claims, with any NLI model in the place of its own.</summary>
/// <remarks>Zha et al. 2023 (arXiv 2305.16739). P(aligned) is the model's P(entailment): with another model than the authors' the scores are not theirs.</remarks>
public sealed record AlignScoreTask : SummaryConsistency
{
    /// <inheritdoc/>
    public override string Name => "factuality.alignscore";

    private protected override string Meaning => "AlignScore: probability that the document entails a sentence of the summary, best chunk, mean over sentences and summaries.";

    private protected override Scorer Open(EntailmentReader reader) => (document, summary, cancellation) =>
    {
        var (chunks, sentences) = (AlignScore.Chunks(document), TextUnits.Sentences(summary));
        if (sentences.Count == 0)
            return (null, false);
        var readings = reader.Read(chunks.SelectMany(c => sentences.Select(s => (c, s))), cancellation);
        return (AlignScore.Score([.. readings.Select(r => r.Probabilities.Entailment).Chunk(sentences.Count)]), readings.Any(r => r.Cut));
    };
}
