namespace Alidade.Evaluation.Factuality;

/// <summary>
/// SelfCheckGPT: a sentence that the model's own samples do not support is likely invented. Every score is one of inconsistency: 0 for a sentence that the samples
/// support, the larger the worse; a passage's score is the mean over its sentences.
/// </summary>
/// <remarks>Manakul et al. 2023 (arXiv 2303.08896), section 5. The n-gram score is <see cref="SelfCheckNGram"/>.</remarks>
public static class SelfCheck
{
    /// <summary>NLI: mean over the samples of P(contradiction), of entailment and contradiction alone (eq. 9).</summary>
    /// <param name="samples">For each sample the logits of entailment and contradiction, the sample as premise and the sentence as hypothesis.</param>
    public static double Nli(IReadOnlyCollection<(double Entailment, double Contradiction)> samples) =>
        samples.Average(s => 1 / (1 + Math.Exp(s.Entailment - s.Contradiction)));

    /// <summary>BERTScore: one minus the mean over the samples of the best F1 with a sentence of the sample (eq. 2).</summary>
    /// <param name="samples">For each sample the F1 with each of its sentences.</param>
    public static double BertScore(IReadOnlyCollection<IReadOnlyCollection<double>> samples) => 1 - samples.Average(s => s.Max());

    /// <summary>Prompt: mean over the samples of 0 for "yes, the sample supports the sentence", 1 for no, ½ for any other answer (section 5.5).</summary>
    /// <param name="supported">The judge's answer for each sample; null for one that is neither yes nor no.</param>
    public static double Prompt(IReadOnlyCollection<bool?> supported) => supported.Average(s => s switch { true => 0, false => 1, null => 0.5 });
}

/// <summary>Inconsistency by an n-gram model of the samples.</summary>
/// <param name="Mean">Mean negative log-probability of each sentence's tokens, in nats.</param>
/// <param name="Max">Largest negative log-probability of each sentence's tokens, in nats.</param>
/// <param name="PassageMean">Mean over all tokens of the passage.</param>
/// <param name="PassageMax">Mean over the sentences of their largest.</param>
public sealed record SelfCheckNGramScore(IReadOnlyList<double> Mean, IReadOnlyList<double> Max, double PassageMean, double PassageMax);

/// <summary>SelfCheckGPT with an n-gram model that is counted on the samples and the passage itself.</summary>
/// <remarks>Manakul et al. 2023 (arXiv 2303.08896), section 5.3; as selfcheckgpt 0.1.7: words in lower case, sentences filled up on the left, for n > 1 the probability of
/// the whole n-gram among all (not given its beginning), (count + k) / (all + k·(kinds + 1)). An n-gram that was never seen with k = 0 has infinite surprise.</remarks>
public sealed record SelfCheckNGram
{
    private const string Beginning = "<s>";

    /// <summary>Words of a run. Default 1, the best of the paper.</summary>
    public int N { get; init; } = 1;

    /// <summary>Added to every count. Default 0.</summary>
    public double Smoothing { get; init; }

    /// <summary>Scores a passage.</summary>
    /// <param name="passage">The passage: its sentences as words.</param>
    /// <param name="samples">Samples of the model, each as its sentences as words.</param>
    public SelfCheckNGramScore Score(IReadOnlyList<IReadOnlyList<string>> passage, IEnumerable<IReadOnlyList<IReadOnlyList<string>>> samples)
    {
        var counts = samples.Prepend(passage).SelectMany(text => text).SelectMany(Grams).CountBy(gram => gram).ToDictionary();
        double all = counts.Values.Sum(), kinds = counts.Count + 1;
        var surprises = passage.Where(s => s.Count > 0)
            .Select(s => Grams(s).Select(gram => -Math.Log((counts.GetValueOrDefault(gram) + Smoothing) / (all + (Smoothing * kinds)))).ToArray()).ToArray();
        return new(
            [.. surprises.Select(s => s.Average())], [.. surprises.Select(s => s.Max())], surprises.SelectMany(s => s).Average(), surprises.Average(s => s.Max()));
    }

    private IEnumerable<string> Grams(IReadOnlyList<string> sentence)
    {
        string[] words = [.. Enumerable.Repeat(Beginning, N - 1), .. sentence.Select(PythonText.Lower)];
        return Enumerable.Range(0, sentence.Count).Select(i => string.Join(' ', words[i..(i + N)]));
    }
}
