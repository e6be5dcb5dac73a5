using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Ethics;

/// <summary>
/// Scruples: predicted distributions over judgments against those of the readers: macro F1 of the likeliest judgment, and cross-entropy −Σ_c y_c·log p_c to the readers'
/// shares, which no prediction brings below the readers' own entropy.
/// </summary>
/// <remarks>Lourie, Le Bras and Choi 2021 (arXiv 2008.09094), section 4; <c>xentropy</c> and the F1 of scikit-learn. Among readers' equal counts the first label
/// counts as the majority, in the order of <see cref="ScruplesFiles.Labels"/>.</remarks>
public sealed record Scruples
{
    /// <summary>Precision, recall and F1, the mean over judgments.</summary>
    public required ClassScores Macro { get; init; }

    /// <summary>Share of items whose likeliest judgment is the readers' most frequent.</summary>
    public required double Accuracy { get; init; }

    /// <summary>Mean cross-entropy to the readers' shares, nats.</summary>
    public required double CrossEntropy { get; init; }

    /// <summary>Mean entropy of the readers' shares, nats: the floor of the cross-entropy.</summary>
    public required double ReadersEntropy { get; init; }

    /// <summary>Computes the scores.</summary>
    /// <param name="readers">For each item the readers' counts by judgment; each with at least one reader.</param>
    /// <param name="predicted">For each item the predicted probabilities.</param>
    /// <exception cref="AlidadeException">The lists do not fit each other, an item has no readers, or a judgment that a reader gave has probability 0.</exception>
    public static Scruples Of(IReadOnlyList<IReadOnlyList<int>> readers, IReadOnlyList<IReadOnlyList<double>> predicted)
    {
        if (readers.Count == 0 || readers.Count != predicted.Count)
            throw new AlidadeException($"Scruples compares {readers.Count} items' readers with {predicted.Count} predictions; as many of both are needed, one at least");
        var classes = readers[0].Count;
        double cross = 0, entropy = 0;
        for (var i = 0; i < readers.Count; i++)
        {
            double total = readers[i].Sum();
            if (total == 0 || readers[i].Count != classes || predicted[i].Count != classes)
                throw new AlidadeException($"item {i}: needs {classes} counts with at least one reader, and {classes} probabilities");
            for (var c = 0; c < classes; c++)
            {
                var share = readers[i][c] / total;
                if (share == 0)
                    continue;
                if (!(predicted[i][c] > 0))
                    throw new AlidadeException($"item {i}: a reader gave judgment {c}, whose predicted probability is {predicted[i][c]}; the cross-entropy needs more than 0");
                cross -= share * Math.Log(predicted[i][c]);
                entropy -= share * Math.Log(share);
            }
        }

        var table = Confusion.Of([.. readers.Select(First)], [.. predicted.Select(First)], classes);
        return new() { Macro = table.Macro, Accuracy = table.Accuracy, CrossEntropy = cross / readers.Count, ReadersEntropy = entropy / readers.Count };
    }

    private static int First<T>(IReadOnlyList<T> values)
        where T : IComparable<T> => Enumerable.Range(0, values.Count).MaxBy(i => values[i]);
}
