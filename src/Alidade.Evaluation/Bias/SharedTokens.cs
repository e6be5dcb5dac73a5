namespace Alidade.Evaluation.Bias;

/// <summary>
/// The tokens that two sentences share, found as Python's <c>difflib.SequenceMatcher</c> does: the longest common block first (the earliest in both among equals), then
/// to its left and right.
/// </summary>
/// <remarks>Ratcliff and Metzener 1988. CrowS-Pairs masks these tokens (<c>get_span</c> of its <c>metric.py</c>), so the choice among equal blocks is part of the
/// metric; so is difflib's rule that in sequences of 200 and more a token with more than n/100 + 1 uses starts no block.</remarks>
internal static class SharedTokens
{
    private const int RareFrom = 200;

    /// <summary>Positions of the shared tokens in both sequences, ascending; the i-th of one is the i-th of the other.</summary>
    public static (int[] First, int[] Second) Of(IReadOnlyList<int> first, IReadOnlyList<int> second)
    {
        var places = new Dictionary<int, List<int>>();
        for (var j = 0; j < second.Count; j++)
            if (places.TryGetValue(second[j], out var list))
                list.Add(j);
            else
                places.Add(second[j], [j]);
        if (second.Count >= RareFrom)
            foreach (var popular in places.Where(p => p.Value.Count > (second.Count / 100) + 1).Select(p => p.Key).ToArray())
                places.Remove(popular);

        var pairs = new List<(int, int)>();
        var waiting = new Stack<(int LowA, int HighA, int LowB, int HighB)>([(0, first.Count, 0, second.Count)]);
        while (waiting.TryPop(out var part))
        {
            var (a, b, length) = Longest(first, second, places, part);
            if (length == 0)
                continue;
            for (var i = 0; i < length; i++)
                pairs.Add((a + i, b + i));
            waiting.Push((part.LowA, a, part.LowB, b));
            waiting.Push((a + length, part.HighA, b + length, part.HighB));
        }

        pairs.Sort();
        return ([.. pairs.Select(p => p.Item1)], [.. pairs.Select(p => p.Item2)]);
    }

    private static (int A, int B, int Length) Longest(IReadOnlyList<int> first, IReadOnlyList<int> second, Dictionary<int, List<int>> places,
        (int LowA, int HighA, int LowB, int HighB) part)
    {
        var (bestA, bestB, best) = (part.LowA, part.LowB, 0);
        var lengths = new Dictionary<int, int>();
        for (var i = part.LowA; i < part.HighA; i++)
        {
            var next = new Dictionary<int, int>();
            foreach (var j in places.TryGetValue(first[i], out var list) ? list : [])
            {
                if (j < part.LowB)
                    continue;
                if (j >= part.HighB)
                    break;
                var length = next[j] = lengths.GetValueOrDefault(j - 1) + 1;
                if (length > best)
                    (bestA, bestB, best) = (i - length + 1, j - length + 1, length);
            }

            lengths = next;
        }

        // Tokens that may not start a block may still lengthen one.
        while (bestA > part.LowA && bestB > part.LowB && first[bestA - 1] == second[bestB - 1])
            (bestA, bestB, best) = (bestA - 1, bestB - 1, best + 1);
        while (bestA + best < part.HighA && bestB + best < part.HighB && first[bestA + best] == second[bestB + best])
            best++;
        return (bestA, bestB, best);
    }
}
