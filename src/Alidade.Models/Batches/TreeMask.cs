namespace Alidade.Models.Batches;

/// <summary>The attention mask of trees: a token sees its own segment up to itself, and its ancestors, but for tokens that are hidden.</summary>
internal static class TreeMask
{
    /// <summary>[trees, width, width], row by row: 0 where a query sees a key, −∞ elsewhere; padding sees itself.</summary>
    public static float[] Of(BranchedBatch batch, IReadOnlyList<BranchedBatch.Tree> trees, int width)
    {
        var mask = new float[trees.Count * width * width];
        Array.Fill(mask, float.NegativeInfinity);
        for (var row = 0; row < trees.Count; row++)
        {
            var tree = trees[row];
            var grid = mask.AsSpan(row * width * width, width * width);
            for (var i = 0; i < width; i++)
                grid[(i * width) + i] = 0;
            foreach (var s in tree.Segments)
            {
                var start = batch.Offsets[s] - tree.Start;
                var count = batch.Segments[s].Ids.Count;
                for (var q = start; q < start + count; q++)
                {
                    grid.Slice((q * width) + start, q - start + 1).Clear();
                    for (var a = batch.Segments[s].Parent; a >= 0; a = batch.Segments[a].Parent)
                        grid.Slice((q * width) + batch.Offsets[a] - tree.Start, batch.Segments[a].Ids.Count).Clear();
                }
            }

            foreach (var s in tree.Segments)
                for (var i = 0; i < batch.Segments[s].Ids.Count; i++)
                    if (batch.Segments[s].Hidden?[i] == true)
                        Hide(grid, width, batch.Offsets[s] - tree.Start + i);
        }

        return mask;
    }

    // A token sees itself always, so that its softmax is finite.
    private static void Hide(Span<float> grid, int width, int key)
    {
        for (var q = 0; q < width; q++)
            if (q != key)
                grid[(q * width) + key] = float.NegativeInfinity;
    }
}
