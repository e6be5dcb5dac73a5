using Alidade.Core.Statistics;

namespace Alidade.Training.Trainers;

/// <summary>
/// Which rows every update sees, as a pure function of the seed and the update: nothing of the order has to be stored, and a resumed run sees the same rows.
/// </summary>
/// <remarks>Micro-batches and windows end with their epoch; nothing is carried over. Updates of a training: epochs × ⌈micro-batches / accumulation⌉, as transformers.</remarks>
internal sealed class TrainingPlan
{
    private readonly TrainingOptions options;
    private readonly int rows;
    private readonly int windows;
    private int epoch = -1;
    private int[][] microBatches = [];

    public TrainingPlan(int rows, TrainingOptions options)
    {
        (this.rows, this.options) = (rows, options);
        windows = Ceiling(Ceiling(rows, options.BatchRows), options.Accumulation);
        Updates = options.MaxUpdates ?? (int)Math.Ceiling(options.Epochs * windows);
    }

    /// <summary>Updates of the whole training.</summary>
    public int Updates { get; }

    /// <summary>The micro-batches of an update, counted from 0; each holds indices of rows.</summary>
    public IReadOnlyList<int[]> Window(int update)
    {
        if (update / windows != epoch)
        {
            epoch = update / windows;
            microBatches = [.. Order(epoch).Chunk(options.BatchRows)];
        }

        return [.. microBatches.Skip(update % windows * options.Accumulation).Take(options.Accumulation)];
    }

    /// <summary>Every row that is ever seen, once, in the micro-batches in which it is seen first.</summary>
    public IEnumerable<int[]> FirstVisits()
    {
        var seen = new HashSet<int>();
        for (var update = 0; update < Updates && seen.Count < rows; update++)
            foreach (var batch in Window(update))
                if (batch.Where(seen.Add).ToArray() is { Length: > 0 } fresh)
                    yield return fresh;
    }

    private int[] Order(int epoch)
    {
        var order = Enumerable.Range(0, rows).ToArray();
        if (options.Order == DataOrder.Shuffled)
            new SeededRandom(options.Seed).Fork(FormattableString.Invariant($"order of epoch {epoch}")).Shuffle(order);
        return order;
    }

    private static int Ceiling(int count, int size) => (count + size - 1) / size;
}
