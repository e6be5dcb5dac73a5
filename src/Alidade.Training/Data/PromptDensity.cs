using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models.Encoders;

namespace Alidade.Training.Data;

/// <summary>
/// How much a prompt looks like one of a wanted answer: a logistic regression on embeddings of prompts, from which BCO weighs unwanted answers where the prompts of the two
/// kinds differ.
/// </summary>
/// <remarks>Jung et al. 2024 (arXiv 2404.04656), sec. 4.2, the density ratio p/(1 − p); as TRL 1.12 <c>BCOTrainer</c>: classes balanced, C = 1, all prompts of the training rows.</remarks>
public sealed class PromptDensity
{
    private readonly SentenceEncoder encoder;
    private readonly LogisticRegression regression;

    private PromptDensity(SentenceEncoder encoder, LogisticRegression regression) => (this.encoder, this.regression) = (encoder, regression);

    /// <summary>Fits it.</summary>
    /// <param name="encoder">Embeds prompts; conversations as a person reads them.</param>
    /// <param name="rows">The training rows.</param>
    /// <exception cref="AlidadeException">All rows are of one kind.</exception>
    public static PromptDensity Fit(SentenceEncoder encoder, IReadOnlyList<UnpairedAnswer> rows) =>
        new(encoder, LogisticRegression.Fit(Vectors(encoder, rows), [.. rows.Select(r => r.Label)]));

    /// <summary>Rows with the probability that an answer to their prompt is wanted; what rows say themselves stays.</summary>
    /// <param name="rows">Rows of any kind.</param>
    public IReadOnlyList<UnpairedAnswer> Applied(IReadOnlyList<UnpairedAnswer> rows)
    {
        var vectors = Vectors(encoder, rows);
        return [.. rows.Select((r, i) => r with { DesirableProbability = r.DesirableProbability ?? regression.Probability(vectors[i]) })];
    }

    private static IReadOnlyList<float[]> Vectors(SentenceEncoder encoder, IReadOnlyList<UnpairedAnswer> rows) => encoder.Embed(rows.Select(r => r.Prompt.ToString())).Vectors;
}
