namespace Alidade.Models.Generation.Processors;

/// <summary>Finds the largest scores without sorting the vocabulary.</summary>
internal static class Selection
{
    /// <summary>The k-th largest score; the smallest when there are fewer.</summary>
    public static float Largest(ReadOnlySpan<float> scores, int k)
    {
        // A heap of the k largest so far, the smallest of them on top: most scores are turned away by one comparison.
        var heap = new PriorityQueue<float, float>(Math.Min(k, scores.Length));
        var least = float.NegativeInfinity;
        foreach (var score in scores)
        {
            if (heap.Count < k)
                heap.Enqueue(score, score);
            else if (score > least)
                heap.EnqueueDequeue(score, score);
            else
                continue;
            least = heap.Count < k ? float.NegativeInfinity : heap.Peek();
        }

        return heap.Peek();
    }

    /// <summary>The ids of the k largest scores, largest first, the smaller id first where they tie.</summary>
    public static int[] LargestIds(ReadOnlySpan<float> scores, int k)
    {
        var kth = Largest(scores, k);
        var found = new List<(int Id, float Score)>(k);
        for (var id = 0; id < scores.Length; id++)
            if (scores[id] >= kth)
                found.Add((id, scores[id]));
        return [.. found.OrderByDescending(f => f.Score).Take(k).Select(f => f.Id)];
    }

    /// <summary>Sets to −∞ what is below a score, but never one of the k largest (or what ties with the k-th).</summary>
    public static void Below(Span<float> scores, double least, int keep)
    {
        var floor = Math.Min(least, Largest(scores, keep));
        foreach (ref var score in scores)
            if (score < floor)
                score = float.NegativeInfinity;
    }
}
