using Alidade.Core;
using Alidade.Models.Weights;

namespace Alidade.Evaluation.Factuality;

/// <summary>What an NLI model says of a premise and a hypothesis; the three sum to 1.</summary>
public readonly record struct NliProbabilities(double Entailment, double Neutral, double Contradiction);

/// <summary>How several numbers become one.</summary>
public enum Reduction
{
    /// <summary>The mean.</summary>
    Mean,

    /// <summary>The largest.</summary>
    Max,

    /// <summary>The smallest.</summary>
    Min,
}

/// <summary>What of an NLI model's answer counts.</summary>
public enum NliEvidence
{
    /// <summary>Entailment minus contradiction.</summary>
    EntailmentMinusContradiction,

    /// <summary>Entailment.</summary>
    Entailment,

    /// <summary>One minus contradiction.</summary>
    NoContradiction,
}

/// <summary>
/// SummaC-ZS: an NLI model reads every chunk of the document with every sentence of the summary; a sentence's score is reduced over the chunks (entailment and
/// contradiction each by itself), the summary's over its sentences.
/// </summary>
/// <remarks>Laban et al. 2022 (arXiv 2111.09525), section 3.2, and the authors' <c>SummaCZS</c>: max over the document, mean over the summary.</remarks>
public sealed record SummaCZeroShot
{
    /// <summary>Over the chunks of the document. Default <see cref="Reduction.Max"/>.</summary>
    public Reduction Document { get; init; } = Reduction.Max;

    /// <summary>Over the sentences of the summary. Default <see cref="Reduction.Mean"/>.</summary>
    public Reduction Summary { get; init; } = Reduction.Mean;

    /// <summary>What counts. Default entailment minus contradiction.</summary>
    public NliEvidence Evidence { get; init; } = NliEvidence.EntailmentMinusContradiction;

    /// <summary>A score for each sentence of the summary.</summary>
    /// <param name="pairs">[chunk of the document][sentence of the summary].</param>
    public IReadOnlyList<double> Sentences(IReadOnlyList<IReadOnlyList<NliProbabilities>> pairs) => [.. Enumerable.Range(0, pairs[0].Count).Select(sentence =>
    {
        var entailment = Reduce(Document, pairs.Select(chunk => chunk[sentence].Entailment));
        var contradiction = Reduce(Document, pairs.Select(chunk => chunk[sentence].Contradiction));
        return Evidence switch
        {
            NliEvidence.Entailment => entailment,
            NliEvidence.NoContradiction => 1 - contradiction,
            _ => entailment - contradiction,
        };
    })];

    /// <summary>The score of the summary.</summary>
    /// <inheritdoc cref="Sentences"/>
    public double Score(IReadOnlyList<IReadOnlyList<NliProbabilities>> pairs) => Reduce(Summary, Sentences(pairs));

    private static double Reduce(Reduction by, IEnumerable<double> values) => by switch
    {
        Reduction.Max => values.Max(),
        Reduction.Min => values.Min(),
        _ => values.Average(),
    };
}

/// <summary>
/// SummaC-Conv: for every sentence of the summary a histogram of its entailment over the document's chunks, a learned weighted sum of the bins, the mean over the first
/// ten sentences, and a learned two-way softmax.
/// </summary>
/// <remarks>Laban et al. 2022 (arXiv 2111.09525), section 3.3, and the authors' <c>SummaCConv</c> with labels "e" and the mean.</remarks>
public sealed record SummaCConv
{
    /// <summary>The reference reads no further.</summary>
    private const int MostSentences = 10;

    /// <summary>Edges of the 23 bins of the published weights: percentiles over many summaries.</summary>
    public static IReadOnlyList<double> PercentileEdges { get; } =
    [
        0.0, 0.01, 0.02, 0.03, 0.04, 0.07, 0.13, 0.37, 0.90, 0.91, 0.92, 0.93, 0.94, 0.95, 0.955, 0.96, 0.965, 0.97, 0.975, 0.98, 0.985, 0.99, 0.995, 1.0,
    ];

    /// <summary>Edges of equal bins on [0, 1].</summary>
    /// <param name="bins">How many; 50 in the paper.</param>
    public static IReadOnlyList<double> EvenEdges(int bins) => [.. Enumerable.Range(0, bins).Select(i => i * (1.0 / bins)), 1.0];

    /// <summary>Edges of the bins, from 0 to 1.</summary>
    public required IReadOnlyList<double> Edges { get; init; }

    /// <summary>Weight of each bin (<c>mlp.weight</c>).</summary>
    public required IReadOnlyList<double> BinWeights { get; init; }

    /// <summary>Added to the weighted sum (<c>mlp.bias</c>).</summary>
    public required double BinBias { get; init; }

    /// <summary>[2, 3] weights of the last layer, row by row (<c>layer_final.weight</c>); its three inputs are all the mean.</summary>
    public required IReadOnlyList<double> FinalWeights { get; init; }

    /// <summary>The two biases of the last layer (<c>layer_final.bias</c>).</summary>
    public required IReadOnlyList<double> FinalBiases { get; init; }

    /// <summary>
    /// Reads weights from a safetensors file with the authors' names: <c>mlp.weight</c> and <c>.bias</c>, <c>layer_final.weight</c> and <c>.bias</c>. With 23 bins the edges are the percentiles,
    /// else they are even. The published file is a pickle and has to be converted.
    /// </summary>
    /// <exception cref="AlidadeException">The file cannot be read, or a tensor is missing or of another size.</exception>
    public static SummaCConv Load(string path)
    {
        using var file = SafetensorsFile.Open(path);
        double[] Take(string name, long? count = null)
        {
            if (!file.Tensors.TryGetValue(name, out var entry) || (count is { } wanted && entry.Count != wanted))
                throw new AlidadeException($"{path}: {(entry is null ? $"has no tensor '{name}'" : $"tensor '{name}' has {entry.Count} numbers, {count} are needed")}; these are no weights of SummaC-Conv");
            var values = new double[entry.Count];
            file.ReadFloat64(name, values);
            return values;
        }

        var bins = Take("mlp.weight");
        return new()
        {
            Edges = bins.Length == PercentileEdges.Count - 1 ? PercentileEdges : EvenEdges(bins.Length),
            BinWeights = bins,
            BinBias = Take("mlp.bias", 1)[0],
            FinalWeights = Take("layer_final.weight", 6),
            FinalBiases = Take("layer_final.bias", 2),
        };
    }

    /// <summary>How many values lie in each bin [a, b), the last one [a, 1].</summary>
    /// <param name="edges">Edges of the bins, from 0 to 1.</param>
    /// <param name="values">Values in [0, 1].</param>
    public static IReadOnlyList<int> Histogram(IReadOnlyList<double> edges, IEnumerable<double> values)
    {
        var counts = new int[edges.Count - 1];
        foreach (var value in values)
            counts[Math.Min(counts.Length - 1, edges.Count(e => e <= value) - 1)]++;
        return counts;
    }

    /// <summary>Probability that the summary is consistent with the document.</summary>
    /// <param name="pairs">[chunk of the document][sentence of the summary].</param>
    public double Score(IReadOnlyList<IReadOnlyList<NliProbabilities>> pairs)
    {
        var mean = Enumerable.Range(0, Math.Min(MostSentences, pairs[0].Count)).Average(sentence =>
            Histogram(Edges, pairs.Select(chunk => chunk[sentence].Entailment)).Zip(BinWeights, (n, w) => n * w).Sum() + BinBias);
        double Logit(int row) => (mean * FinalWeights.Skip(3 * row).Take(3).Sum()) + FinalBiases[row];
        return 1 / (1 + Math.Exp(Logit(0) - Logit(1)));
    }
}
