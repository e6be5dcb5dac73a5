namespace Alidade.Evaluation.Factuality;

/// <summary>
/// AlignScore: a model gives the probability that a sentence of the claim is aligned with a chunk of about 350 words of the context; the largest over the chunks, the
/// mean over the sentences.
/// </summary>
/// <remarks>Zha et al. 2023 (arXiv 2305.16739), section 3.2; the authors' <c>nli_sp</c> with the three-way head, whose first label is "aligned".</remarks>
public static class AlignScore
{
    private const int ChunkWords = 350;

    /// <summary>A score for each sentence of the claim.</summary>
    /// <param name="aligned">P(aligned), [chunk of the context][sentence of the claim].</param>
    public static IReadOnlyList<double> Sentences(IReadOnlyList<IReadOnlyList<double>> aligned) =>
        [.. Enumerable.Range(0, aligned[0].Count).Select(sentence => aligned.Max(chunk => chunk[sentence]))];

    /// <summary>The score of the claim.</summary>
    /// <inheritdoc cref="Sentences"/>
    public static double Score(IReadOnlyList<IReadOnlyList<double>> aligned) => Sentences(aligned).Average();

    /// <summary>The context in chunks of equally many whole sentences, so many that a chunk has about 350 words.</summary>
    public static IReadOnlyList<string> Chunks(string context)
    {
        var sentences = TextUnits.Sentences(context);
        var wanted = (PythonText.Words(context).Length / ChunkWords) + 1;
        var size = Math.Max(sentences.Count / wanted, 1);
        return sentences.Count == 0 ? [""] : [.. sentences.Chunk(size).Select(s => string.Join(' ', s))];
    }
}
