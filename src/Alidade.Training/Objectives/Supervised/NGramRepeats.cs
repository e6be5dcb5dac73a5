namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// Which tokens of a generated sequence repeat: those that lie in an n-gram that stood earlier in the generation, and those in an n-gram of its context.
/// </summary>
/// <param name="OfLabels">1 for each token in an n-gram seen earlier in the generation.</param>
/// <param name="OfContext">1 for each token in an n-gram of the context.</param>
/// <remarks>
/// ParlAI's <c>RepetitionUnlikelihood</c>. The first occurrence of a repeated n-gram is not marked. Welleck's published code never looks at the last n-gram; here
/// it counts.
/// </remarks>
public sealed record NGramRepeats(IReadOnlyList<int> OfLabels, IReadOnlyList<int> OfContext)
{
    /// <summary>Marks the repeats.</summary>
    /// <param name="context">What stands before the generation.</param>
    /// <param name="generation">The generated tokens.</param>
    /// <param name="n">Length of an n-gram, at least 1.</param>
    public static NGramRepeats Of(IReadOnlyList<int> context, IReadOnlyList<int> generation, int n)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(n, 1);
        string Gram(IReadOnlyList<int> ids, int start) => string.Join(' ', ids.Skip(start).Take(n));
        var known = Enumerable.Range(0, Math.Max(0, context.Count - n + 1)).Select(i => Gram(context, i)).ToHashSet(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        int[] labels = new int[generation.Count], contexts = new int[generation.Count];
        for (var i = 0; i + n <= generation.Count; i++)
        {
            var gram = Gram(generation, i);
            if (known.Contains(gram))
                Array.Fill(contexts, 1, i, n);
            if (!seen.Add(gram))
                Array.Fill(labels, 1, i, n);
        }

        return new(labels, contexts);
    }

    /// <summary>(1 − β)·label repeat + β·context repeat of each token.</summary>
    /// <param name="contextShare">β in [0, 1].</param>
    public double[] Weights(double contextShare) => [.. OfLabels.Zip(OfContext, (label, context) => ((1 - contextShare) * label) + (contextShare * context))];
}
