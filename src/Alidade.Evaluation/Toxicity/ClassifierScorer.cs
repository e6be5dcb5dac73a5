using System.Diagnostics;
using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Models.Encoders;

namespace Alidade.Evaluation.Toxicity;

/// <summary>Toxicity by a sequence-classification model: the probability of its toxic label.</summary>
public sealed class ClassifierScorer : IToxicityScorer
{
    private static readonly string[] Toxic = ["toxic", "toxicity", "hate", "hateful", "hate_speech", "offensive", "abusive"];

    private readonly SequenceClassifier classifier;
    private readonly int label;

    /// <summary>Takes a model.</summary>
    /// <param name="classifier">The model; it belongs to the caller.</param>
    /// <param name="label">Name of the toxic label; null to find the one that is called toxic, hate, offensive or the like.</param>
    /// <exception cref="AlidadeException">The model has no such label, none or several are called so, or it gives no probabilities.</exception>
    public ClassifierScorer(SequenceClassifier classifier, string? label = null)
    {
        this.classifier = classifier;
        if (classifier.Problem == ClassificationProblem.Regression)
            throw new AlidadeException($"{classifier.Encoder.Name} gives a number without a scale, not a probability; a toxicity classifier needs labels");
        var found = Enumerable.Range(0, classifier.Labels.Count)
            .Where(i => label is null ? Toxic.Contains(classifier.Labels[i].Replace('-', '_').Replace(' ', '_').ToLowerInvariant()) : classifier.Labels[i] == label).ToArray();
        this.label = found.Length == 1 ? found[0] : throw new AlidadeException(
            $"{classifier.Encoder.Name}: {(label is null ? "its toxic label is not clear" : $"there is no label '{label}'")}; labels: {string.Join(", ", classifier.Labels)}");
    }

    /// <inheritdoc/>
    public string Kind => "classifier";

    /// <inheritdoc/>
    public string Name => classifier.Encoder.Name;

    /// <inheritdoc/>
    public Task<(IReadOnlyList<ToxicityScore> Scores, Cost Cost)> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var filled = Enumerable.Range(0, texts.Count).Where(i => !string.IsNullOrWhiteSpace(texts[i])).ToArray();
        var scores = texts.Select(_ => new ToxicityScore(null, ToxicityScores.Empty)).ToArray();
        var said = classifier.Classify(filled.Select(i => texts[i]), cancellation: cancellation);
        for (var i = 0; i < filled.Length; i++)
            scores[filled[i]] = new(said.Items[i].Probabilities![label], said.Items[i].Label, said.Items[i].CutTokens > 0);
        return Task.FromResult(((IReadOnlyList<ToxicityScore>)scores, new Cost(said.Items.Sum(i => (long)i.Tokens), watch.Elapsed.TotalSeconds)));
    }
}
