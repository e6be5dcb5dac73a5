using System.Runtime.ExceptionServices;

namespace Alidade.Models.Steps;

/// <summary>
/// Threads for the many short pieces of one decoding step. A helper waits for the next piece spinning, so that it begins within a microsecond, and sleeps when
/// none comes for a while. The caller waits for pieces that were taken, never for a helper that is not there: another program may have its core.
/// </summary>
internal static class SpinningTeam
{
    /// <summary>
    /// Multiply-adds from which a job is shared. Fewer take the caller less than about 150 µs; to hand a part of them over and to wait for it costs 20 to 40 µs on a virtual
    /// machine, where a spinning core is stopped by its host, and in one step of a small model there are a hundred such jobs.
    /// </summary>
    private const long WorthSharing = 4 << 20;

    /// <summary>Rounds of <see cref="Thread.SpinWait"/> before a helper sleeps: some tens of microseconds, longer than the pauses within a step.</summary>
    private const int Patience = 2000;

    private static readonly Lock Gate = new();
    private static readonly SemaphoreSlim Sleeping = new(0);
    private static int helpers;
    private static int asleep;
    private static volatile Job? current;

    /// <summary>Runs all pieces and returns when all are done. An exception of a piece is thrown here.</summary>
    /// <param name="pieces">The work.</param>
    /// <param name="count">Number of pieces.</param>
    /// <param name="atOnce">Pieces that a thread takes at a time.</param>
    /// <param name="multiplyAdds">Multiply-adds of all pieces together.</param>
    /// <param name="threads">Most threads to use, the caller's among them.</param>
    public static void Run(IPieces pieces, int count, int atOnce, long multiplyAdds, int threads)
    {
        if (threads <= 1 || count <= atOnce || multiplyAdds < WorthSharing)
        {
            pieces.Run(0, count);
            return;
        }

        if (helpers < threads - 1)
            Grow(threads - 1);
        var job = new Job(pieces, count, atOnce, threads);
        current = job;
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref asleep) is var sleeping and > 0)
            Sleeping.Release(sleeping);
        job.Work();
        job.Wait();
    }

    private static void Grow(int wanted)
    {
        lock (Gate)
            for (; helpers < wanted; helpers++)
                new Thread(Help) { IsBackground = true, Name = "decoding helper" }.Start();
    }

    private static void Help()
    {
        Job? last = null;
        while (true)
        {
            var job = Next(last);
            if (job.Admit())
                job.Work();
            last = job;
        }
    }

    private static Job Next(Job? last)
    {
        while (true)
        {
            for (var i = 0; i < Patience; i++)
            {
                if (current is { } job && job != last)
                    return job;
                Thread.SpinWait(8);
            }

            Interlocked.Increment(ref asleep);
            // A job that was published before the count went up has woken nobody.
            if (current == last)
                Sleeping.Wait();
            Interlocked.Decrement(ref asleep);
        }
    }

    private sealed class Job(IPieces pieces, int count, int atOnce, int threads)
    {
        private int next;
        private int done;
        private int admitted = 1;
        private ExceptionDispatchInfo? failure;

        public bool Admit() => Interlocked.Increment(ref admitted) <= threads;

        public void Work()
        {
            for (int from; (from = Interlocked.Add(ref next, atOnce) - atOnce) < count;)
            {
                var to = Math.Min(count, from + atOnce);
                try
                {
                    pieces.Run(from, to);
                }
                catch (Exception exception)
                {
                    failure = ExceptionDispatchInfo.Capture(exception);
                }

                Interlocked.Add(ref done, to - from);
            }
        }

        public void Wait()
        {
            var wait = default(SpinWait);
            while (Volatile.Read(ref done) < count)
            {
                // A helper that lost its core needs one to finish.
                if (wait.Count < 50)
                    Thread.SpinWait(4);
                wait.SpinOnce(sleep1Threshold: -1);
            }

            failure?.Throw();
        }
    }
}
