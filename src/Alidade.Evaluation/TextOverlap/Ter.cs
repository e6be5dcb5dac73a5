using Alidade.Core;

namespace Alidade.Evaluation.TextOverlap;

/// <summary>
/// Translation edit rate: 100 · (insertions, deletions, substitutions and shifts of blocks of words that make the text the reference) / words of the reference. Lower
/// is better, and it may exceed 100.
/// </summary>
/// <remarks>Snover et al. 2006; number for number as sacrebleu 2.6.0, which follows Tercom's search: shifts greedily, each time the one that saves most, blocks of at
/// most 10 words over at most 50 positions, an edit distance in a beam of 25 around the diagonal, and at most 1,000 tried shifts a sentence.</remarks>
public sealed record Ter
{
    private const int LongestShift = 10;
    private const int FarthestShift = 50;
    private const int MostCandidates = 1000;

    /// <summary>Whether case counts. Default false.</summary>
    public bool CaseSensitive { get; init; }

    /// <summary>One text.</summary>
    public double Sentence(string text, params IReadOnlyList<string> references) => Corpus([text], [references]);

    /// <summary>A corpus: all edits over all reference words; of several references the one that needs fewest edits, and the mean of their lengths.</summary>
    /// <param name="texts">The texts.</param>
    /// <param name="references">The references of each text, one or more.</param>
    /// <exception cref="AlidadeException">A text has no reference, or their numbers differ.</exception>
    public double Corpus(IReadOnlyList<string> texts, IReadOnlyList<IReadOnlyList<string>> references)
    {
        OverlapInputs.Check(texts, references);
        double edits = 0, words = 0;
        foreach (var (text, own) in texts.Zip(references))
        {
            var tokens = TokensOf(text);
            var targets = own.Select(TokensOf).ToArray();
            edits += targets.Min(t => Edits(tokens, t));
            words += targets.Average(t => t.Length);
        }

        // An empty reference is wholly missed by any text.
        return words > 0 ? 100 * (edits / words) : edits > 0 ? 100 : 0;
    }

    private string[] TokensOf(string text) => PythonText.Words(CaseSensitive ? text : PythonText.Lower(text));

    internal static int Edits(string[] text, string[] reference)
    {
        if (reference.Length == 0)
            return text.Length;
        var (shifts, tried) = (0, 0);
        while (true)
        {
            var (saved, shifted) = BestShift(text, reference, ref tried);
            if (tried >= MostCandidates || saved <= 0)
                return shifts + EditDistance.Of(text, reference).Cost;
            shifts++;
            text = shifted;
        }
    }

    private static (int Saved, string[] Shifted) BestShift(string[] text, string[] reference, ref int tried)
    {
        var (cost, path) = EditDistance.Of(text, reference);
        var (aligned, referenceErrs, textErrs) = Align(path, reference.Length, text.Length);
        (int Saved, int Length, int Start, int Target, string[] Shifted)? best = null;
        foreach (var (start, at, length) in EqualBlocks(text, reference))
        {
            // A shift helps only where both sides are wrong, and not within the block itself.
            if (!textErrs.AsSpan(start, length).Contains(true) || !referenceErrs.AsSpan(at, length).Contains(true)
                || (start <= aligned[at] && aligned[at] < start + length))
                continue;
            var last = -1;
            for (var offset = -1; offset < length && at + offset < reference.Length; offset++)
            {
                var target = at + offset < 0 ? 0 : aligned[at + offset] + 1;
                if (target == last)
                    continue;
                last = target;
                var shifted = Shift(text, start, length, target);
                var saved = cost - EditDistance.Of(shifted, reference).Cost;
                tried++;
                // Most saved, then the longest block, then the earliest one, then the earliest place.
                if (best is not { } b || (saved, length, -start, -target).CompareTo((b.Saved, b.Length, -b.Start, -b.Target)) > 0)
                    best = (saved, length, start, target, shifted);
            }

            if (tried >= MostCandidates)
                break;
        }

        return best is { } found ? (found.Saved, found.Shifted) : (0, text);
    }

    /// <summary>Blocks that stand in both, by where they begin and how long they are.</summary>
    private static IEnumerable<(int Start, int At, int Length)> EqualBlocks(string[] text, string[] reference)
    {
        for (var start = 0; start < text.Length; start++)
            for (var at = Math.Max(0, start - FarthestShift); at < Math.Min(reference.Length, start + FarthestShift + 1); at++)
                for (var length = 1; length <= LongestShift && start + length <= text.Length && at + length <= reference.Length
                    && text[start + length - 1] == reference[at + length - 1]; length++)
                    yield return (start, at, length);
    }

    /// <summary>For each reference word the text word it stands at; which words of either side the path changes.</summary>
    private static (int[] Aligned, bool[] ReferenceErrs, bool[] TextErrs) Align(IEnumerable<Edit> path, int reference, int text)
    {
        int[] aligned = new int[reference];
        bool[] referenceErrs = new bool[reference], textErrs = new bool[text];
        var (i, j) = (-1, -1);
        foreach (var edit in path)
        {
            if (edit != Edit.Insert)
                textErrs[++i] = edit != Edit.Keep;
            if (edit == Edit.Delete)
                continue;
            referenceErrs[++j] = edit != Edit.Keep;
            aligned[j] = i;
        }

        return (aligned, referenceErrs, textErrs);
    }

    private static string[] Shift(string[] words, int start, int length, int target)
    {
        string[] block = words[start..(start + length)];
        return target < start ? [.. words[..target], .. block, .. words[target..start], .. words[(start + length)..]]
            : target > start + length ? [.. words[..start], .. words[(start + length)..target], .. block, .. words[target..]]
            : [.. words[..start], .. words[(start + length)..Math.Min(words.Length, length + target)], .. block, .. words[Math.Min(words.Length, length + target)..]];
    }

    private enum Edit : byte
    {
        None,
        Keep,
        Substitute,
        Delete,
        Insert,
    }

    /// <summary>Levenshtein distance within a beam around the diagonal, with its path.</summary>
    private static class EditDistance
    {
        private const int Beam = 25;
        private const int Unreached = int.MaxValue / 2;

        public static (int Cost, Edit[] Path) Of(string[] text, string[] reference)
        {
            var cost = new int[text.Length + 1, reference.Length + 1];
            var edits = new Edit[text.Length + 1, reference.Length + 1];
            for (var j = 0; j <= reference.Length; j++)
                (cost[0, j], edits[0, j]) = (j, Edit.Insert);
            var ratio = text.Length > 0 ? (double)reference.Length / text.Length : 1;
            // Where one side is so much longer that neighbouring rows would not meet, the beam grows.
            var beam = Beam < ratio / 2 ? (int)Math.Ceiling((ratio / 2) + Beam) : Beam;
            for (var i = 1; i <= text.Length; i++)
            {
                for (var j = 0; j <= reference.Length; j++)
                    cost[i, j] = Unreached;
                var diagonal = (int)Math.Floor(i * ratio);
                var end = i == text.Length ? reference.Length + 1 : Math.Min(reference.Length + 1, diagonal + beam);
                for (var j = Math.Max(0, diagonal - beam); j < end; j++)
                {
                    // Of equal costs: keep or substitute, then delete, then insert.
                    if (j > 0 && text[i - 1] == reference[j - 1])
                        Take(i, j, cost[i - 1, j - 1], Edit.Keep);
                    else if (j > 0)
                        Take(i, j, cost[i - 1, j - 1] + 1, Edit.Substitute);
                    Take(i, j, cost[i - 1, j] + 1, Edit.Delete);
                    if (j > 0)
                        Take(i, j, cost[i, j - 1] + 1, Edit.Insert);
                }
            }

            var path = new Stack<Edit>();
            for (int i = text.Length, j = reference.Length; i > 0 || j > 0;)
            {
                var edit = edits[i, j];
                path.Push(edit);
                i -= edit == Edit.Insert ? 0 : 1;
                j -= edit == Edit.Delete ? 0 : 1;
            }

            return (cost[text.Length, reference.Length], [.. path]);

            void Take(int i, int j, int value, Edit edit)
            {
                if (value < cost[i, j])
                    (cost[i, j], edits[i, j]) = (value, edit);
            }
        }
    }
}
