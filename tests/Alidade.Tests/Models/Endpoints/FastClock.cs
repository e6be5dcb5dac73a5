using System.Collections.Concurrent;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>A clock that runs a thousand times as fast: a minute's wait takes 60 ms. It keeps the waits that were asked for.</summary>
internal sealed class FastClock : TimeProvider
{
    private const int Speed = 1000;

    private readonly DateTimeOffset start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly long begun = System.GetTimestamp();
    private readonly ConcurrentQueue<TimeSpan> waits = [];

    /// <summary>Every timer's length, in order, but for those that never end.</summary>
    public IReadOnlyCollection<TimeSpan> Waits => waits;

    public override long TimestampFrequency => System.TimestampFrequency;

    public override long GetTimestamp() => (System.GetTimestamp() - begun) * Speed;

    public override DateTimeOffset GetUtcNow() => start + GetElapsedTime(0);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        waits.Enqueue(dueTime);
        return new Scaled(System.CreateTimer(callback, state, Real(dueTime), Real(period)));
    }

    private static TimeSpan Real(TimeSpan span) => span < TimeSpan.Zero ? Timeout.InfiniteTimeSpan : span / Speed;

    private sealed class Scaled(ITimer timer) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => timer.Change(Real(dueTime), Real(period));

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
