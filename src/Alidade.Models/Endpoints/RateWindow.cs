namespace Alidade.Models.Endpoints;

/// <summary>
/// At most so much in any 60 s: a log of what was taken and when. Who asks for more than there is waits until enough of it is a minute old; who asks first is
/// served first. One request larger than the whole limit passes alone.
/// </summary>
internal sealed class RateWindow(long perMinute, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim turn = new(1);
    private readonly LinkedList<Entry> taken = [];

    /// <summary>Waits for room and takes it.</summary>
    /// <returns>What was taken, to be corrected once the true amount is known.</returns>
    public async Task<Entry> TakeAsync(long amount, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            while (WaitFor(amount) is { } wait)
                await Task.Delay(wait, time, cancellation).ConfigureAwait(false);
            lock (taken)
                return taken.AddLast(new Entry(time.GetTimestamp(), amount)).Value;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>Sets what an entry turned out to be.</summary>
    public void Correct(Entry entry, long amount)
    {
        lock (taken)
            entry.Amount = amount;
    }

    public void Dispose() => turn.Dispose();

    private TimeSpan? WaitFor(long amount)
    {
        lock (taken)
        {
            while (taken.First is { } old && time.GetElapsedTime(old.Value.At) >= Window)
                taken.RemoveFirst();
            var room = perMinute - taken.Sum(e => e.Amount);
            if (room >= amount || taken.First is not { } first)
                return null;
            var wait = Window - time.GetElapsedTime(first.Value.At);
            return wait > TimeSpan.FromMilliseconds(1) ? wait : TimeSpan.FromMilliseconds(1);
        }
    }

    /// <summary>What was taken at one moment.</summary>
    internal sealed class Entry(long at, long amount)
    {
        public long At => at;

        public long Amount { get; set; } = amount;
    }
}
