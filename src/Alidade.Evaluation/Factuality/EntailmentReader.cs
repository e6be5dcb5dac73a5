using Alidade.Core;
using Alidade.Models.Encoders;

namespace Alidade.Evaluation.Factuality;

/// <summary>What an NLI model says of a premise and a hypothesis.</summary>
/// <param name="Probabilities">The three probabilities.</param>
/// <param name="EntailmentLogit">Logit of entailment.</param>
/// <param name="ContradictionLogit">Logit of contradiction.</param>
/// <param name="Cut">True when the pair was longer than the model reads.</param>
internal sealed record NliReading(NliProbabilities Probabilities, double EntailmentLogit, double ContradictionLogit, bool Cut);

/// <summary>
/// Reads any sequence classifier as an NLI model by the names of its labels: entailment (or supports, aligned), contradiction (or refutes), neutral (or not enough info). With two labels
/// what is not entailment takes the place of contradiction.
/// </summary>
internal sealed class EntailmentReader
{
    private readonly SequenceClassifier classifier;
    private readonly int entailment;
    private readonly int contradiction;
    private readonly int neutral;

    /// <exception cref="AlidadeException">The labels are not those of an NLI model.</exception>
    public EntailmentReader(SequenceClassifier classifier)
    {
        this.classifier = classifier;
        string[] labels = [.. classifier.Labels.Select(l => l.ToLowerInvariant())];
        contradiction = Array.FindIndex(labels, l => l.Contains("contradict", StringComparison.Ordinal) || l.StartsWith("refut", StringComparison.Ordinal) || l.StartsWith("not", StringComparison.Ordinal) && labels.Length == 2);
        neutral = Array.FindIndex(labels, l => l is "neutral" or "nei" || l.StartsWith("not enough", StringComparison.Ordinal));
        entailment = Array.FindIndex(labels, l => l.StartsWith("entail", StringComparison.Ordinal) || l.StartsWith("support", StringComparison.Ordinal) || l == "aligned");
        if (entailment < 0 || contradiction < 0 || classifier.Problem != ClassificationProblem.SingleLabel)
            throw new AlidadeException($"{classifier.Encoder.Name} cannot be read as an entailment model: its labels are {string.Join(", ", classifier.Labels)}; name them entailment, neutral and contradiction in config.json (id2label)");
    }

    /// <summary>Reads pairs.</summary>
    public IReadOnlyList<NliReading> Read(IEnumerable<(string Premise, string Hypothesis)> pairs, CancellationToken cancellation) =>
        [.. classifier.Classify(pairs, cancellation: cancellation).Items.Select(c => new NliReading(
            new(c.Probabilities![entailment], neutral < 0 ? 0 : c.Probabilities[neutral], c.Probabilities[contradiction]), c.Logits[entailment], c.Logits[contradiction], c.CutTokens > 0))];
}
