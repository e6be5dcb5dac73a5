using Alidade.Core;
using Alidade.Core.TextOverlap;
using Alidade.Models.Encoders;
using Alidade.Models.Hooks;
using Alidade.Models.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Evaluation.TextOverlap;

/// <summary>
/// BERTScore: every token is matched with the most similar token of the other side by the cosine of their contextual embeddings; precision is the weighted mean over
/// the text's tokens, recall over the reference's.
/// </summary>
/// <remarks>Zhang et al. 2020 (arXiv 1904.09675), eq. 1–3; as bert-score 0.3.13 (<c>greedy_cos_idf</c>): the special tokens at both ends may be matched, but weigh
/// nothing.</remarks>
public static class BertScore
{
    /// <summary>Matches given embeddings.</summary>
    /// <param name="reference">[tokens, width], special tokens included.</param>
    /// <param name="text">[tokens, width], special tokens included.</param>
    /// <param name="referenceWeights">Weight of each token of the reference: 0 for a special one, else 1 or its inverse document frequency.</param>
    /// <param name="textWeights">The same for the text.</param>
    /// <returns>Null when a side has no token that weighs anything.</returns>
    public static OverlapScore? Match(Tensor reference, Tensor text, IReadOnlyList<double> referenceWeights, IReadOnlyList<double> textWeights)
    {
        if (referenceWeights.Sum() <= 0 || textWeights.Sum() <= 0)
            return null;
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var similarity = Unit(text).matmul(Unit(reference).t());
        return OverlapScore.Of(WeightedMean(similarity.amax([1L]), textWeights), WeightedMean(similarity.amax([0L]), referenceWeights));
    }

    private static Tensor Unit(Tensor rows)
    {
        var values = rows.to(ScalarType.Float64);
        return values / values.pow(2).sum([1L], keepdim: true).sqrt();
    }

    private static double WeightedMean(Tensor best, IReadOnlyList<double> weights) =>
        best.cpu().data<double>().ToArray().Zip(weights, (b, w) => b * w).Sum() / weights.Sum();
}

/// <summary>How rare a token is: ln((M + 1) / (df + 1)) over M documents, df of which hold it.</summary>
/// <remarks>Zhang et al. 2020, section 3, with the plus-one smoothing of bert-score 0.3.13.</remarks>
public sealed class InverseDocumentFrequency
{
    private readonly Dictionary<int, int> holding = [];
    private readonly int documents;

    /// <summary>Counts the references.</summary>
    /// <param name="documents">Token ids of each document.</param>
    public InverseDocumentFrequency(IEnumerable<IReadOnlyList<int>> documents)
    {
        foreach (var document in documents)
        {
            this.documents++;
            foreach (var token in document.Distinct())
                holding[token] = holding.GetValueOrDefault(token) + 1;
        }
    }

    /// <summary>The weight of a token; one that no document holds has the largest.</summary>
    public double this[int token] => Math.Log((documents + 1.0) / (holding.GetValueOrDefault(token) + 1));
}

/// <summary>BERTScore with an encoder.</summary>
public sealed record BertScorer
{
    /// <summary>The encoder.</summary>
    public required EncoderModel Encoder { get; init; }

    /// <summary>The block whose output is compared, from 0; null (default) for the last one. The published scores use a block chosen for each encoder.</summary>
    public int? Block { get; init; }

    /// <summary>Whether rare tokens weigh more: inverse document frequencies over the references. Default false.</summary>
    public bool InverseDocumentFrequencies { get; init; }

    /// <summary>
    /// The scores of unrelated texts (precision, recall, F), against which a score x is rescaled to (x − b)/(1 − b); null (default) for raw scores, which lie in a
    /// narrow band near the top.
    /// </summary>
    public OverlapScore? Baseline { get; init; }

    /// <summary>Scores texts against their references.</summary>
    /// <param name="pairs">Each text with its reference.</param>
    /// <param name="cancellation">Looked at between texts.</param>
    /// <returns>One score a pair; null where a side has no token.</returns>
    /// <exception cref="AlidadeException">A text is longer than the encoder reads, or there is no such block.</exception>
    public IReadOnlyList<OverlapScore?> Score(IReadOnlyList<(string Text, string Reference)> pairs, CancellationToken cancellation = default)
    {
        var block = Block ?? Encoder.Config.Layers - 1;
        if (block < 0 || block >= Encoder.Config.Layers)
            throw new AlidadeException($"block {block} was asked for; {Encoder.Name} has blocks 0 to {Encoder.Config.Layers - 1}");
        var texts = pairs.SelectMany(p => new[] { p.Text, p.Reference }).Distinct(StringComparer.Ordinal).ToDictionary(t => t, Encode);
        var rarity = InverseDocumentFrequencies ? new InverseDocumentFrequency(pairs.Select(p => texts[p.Reference].Ids)) : null;
        double[] Weights(Encoding text) => [.. text.Ids.Zip(text.SpecialMask, (id, special) => special ? 0 : rarity?[id] ?? 1)];
        var scores = new List<OverlapScore?>();
        foreach (var (text, reference) in pairs.Select(p => (texts[p.Text], texts[p.Reference])))
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var score = BertScore.Match(Hidden(reference.Ids, block), Hidden(text.Ids, block), Weights(reference), Weights(text));
            scores.Add(score is null || Baseline is null ? score : Rescaled(score, Baseline));
        }

        return scores;
    }

    internal static OverlapScore Rescaled(OverlapScore score, OverlapScore baseline) =>
        new(Rescaled(score.Precision, baseline.Precision), Rescaled(score.Recall, baseline.Recall), Rescaled(score.F, baseline.F));

    private static double Rescaled(double value, double baseline) => (value - baseline) / (1 - baseline);

    private Encoding Encode(string text) => Encoder.Tokenizer.EncodeWithOffsets(text, new() { ParseSpecialTokens = false });

    private Tensor Hidden(IReadOnlyList<int> ids, int block)
    {
        using var noGrad = no_grad();
        using var batch = EncoderBatch.Of([ids]);
        using var cache = ActivationCache.Record(Encoder.Hooks, [$"blocks.{block}.hook_normalized_resid_post"], () => Encoder.Hidden(batch).Dispose());
        return cache[$"blocks.{block}.hook_normalized_resid_post"][0].clone();
    }
}
