using Alidade.Core;
using Alidade.Models.Encoders;
using Alidade.Training.Trainers;

namespace Alidade.Training.Rewards;

/// <summary>What of a classifier is the reward.</summary>
public enum ClassifierValue
{
    /// <summary>The probability of the label.</summary>
    Probability,

    /// <summary>The logit of the label; what a classifier by regression says.</summary>
    Logit,
}

/// <summary>An encoder with a classification head as a reward: toxicity, sentiment, entailment, or a reward model that is an encoder.</summary>
/// <param name="name">What runs and messages call it.</param>
/// <param name="classifier">The classifier.</param>
/// <param name="label">The label whose value is the reward.</param>
public sealed class ClassifierReward(string name, SequenceClassifier classifier, string label) : IReward
{
    private string? fingerprint;

    /// <summary>What of it is the reward. Default the probability.</summary>
    public ClassifierValue Value { get; init; } = ClassifierValue.Probability;

    /// <summary>Factor, such as −1 where the label is what is not wanted. Default 1.</summary>
    public double Factor { get; init; } = 1;

    /// <summary>What the classifier reads of an answer; with a second text the two are a pair. Default the answer alone.</summary>
    public Func<AnsweredPrompt, (string First, string? Second)> Reads { get; init; } = c => (c.Text, null);

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public string Fingerprint => fingerprint ??=
        FormattableString.Invariant($"{label} {Value} × {Factor} ") + Fingerprints.Of(classifier.Encoder.Parameters.Select(p => (p.Key, p.Value)));

    /// <inheritdoc/>
    public Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default)
    {
        var index = classifier.Labels.ToList().IndexOf(label);
        if (index < 0)
            throw new AlidadeException($"'{name}' has no label '{label}'; it has {string.Join(", ", classifier.Labels)}");
        var scores = new RewardScore[completions.Count];
        var texts = completions.Select(Reads).ToArray();
        foreach (var group in Enumerable.Range(0, texts.Length).GroupBy(i => texts[i].First.Length == 0 ? 0 : texts[i].Second is null ? 1 : 2))
        {
            int[] rows = [.. group];
            if (group.Key == 0)
            {
                foreach (var row in rows)
                    scores[row] = RewardScore.None("the answer is empty");
                continue;
            }

            var said = group.Key == 1
                ? classifier.Classify(rows.Select(r => texts[r].First), cancellation: cancellation)
                : classifier.Classify(rows.Select(r => (texts[r].First, texts[r].Second!)), cancellation: cancellation);
            foreach (var (row, item) in rows.Zip(said.Items))
                scores[row] = item.CutTokens > 0 ? RewardScore.None("longer than the classifier's limit") : RewardScore.Of(Factor * ValueOf(item, index));
        }

        return Task.FromResult<IReadOnlyList<RewardScore>>(scores);
    }

    private double ValueOf(Classification item, int index) => Value == ClassifierValue.Logit ? item.Logits[index]
        : item.Probabilities?[index] ?? throw new AlidadeException($"'{name}' is a regression and gives no probabilities; take its logit");
}
