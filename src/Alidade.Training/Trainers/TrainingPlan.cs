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
    private readonly int least;
    private int epoch = -1;
    private int[][] microBatches = [];

    /// <param name="rows">Number of rows.</param>
    /// <param name="options">Settings.</param>
    /// <param name="least">Rows that a micro-batch needs at least.</param>
    public TrainingPlan(int rows, TrainingOptions options, int least = 1)
    {
        (this.rows, this.options, this.least) = (rows, options, least);
        windows = Ceiling(MicroBatches(Enumerable.Range(0, rows), options.BatchRows, least).Count, options.Accumulation);
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
            microBatches = [.. MicroBatches(Order(epoch), options.BatchRows, least)];
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

    /// <summary>Rows in micro-batches; a last one that is too small joins the one before.</summary>
    public static IReadOnlyList<int[]> MicroBatches(IEnumerable<int> order, int size, int least)
    {
        List<int[]> batches = [.. order.Chunk(size)];
        if (batches.Count < 2 || batches[^1].Length >= least)
            return batches;
        batches[^2] = [.. batches[^2], .. batches[^1]];
        batches.RemoveAt(batches.Count - 1);
        return batches;
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
