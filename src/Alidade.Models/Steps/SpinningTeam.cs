using System.Runtime.ExceptionServices;

namespace Alidade.Models.Steps;

/// <summary>
/// Threads for the many short pieces of one decoding step. A helper waits for the next piece spinning, so that it begins within a microsecond, and sleeps when
/// none comes for a while. The caller waits for pieces that were taken, never for a helper that is not there: another program may have its core.
/// </summary>
internal static class SpinningTeam
{
    /// <summary>Multiply-adds from which a job is shared: of packed weights some microseconds for one thread. To hand a part over and to hear that it is done takes less than one.</summary>
    private const long WorthSharing = 1 << 17;

    /// <summary>The same while another program has a helper's core: every job that is shared may wait for the core then, which takes milliseconds, so only long ones are.</summary>
    private const long WorthSharingWhenBusy = 4 << 20;

    /// <summary>How long a core is taken to be another program's after a helper was missed.</summary>
    private const int BusyMilliseconds = 50;

    /// <summary>
    /// Looks for news without a pause between them, some tens of microseconds: longer than the waits within a step. A core of a virtual machine that pauses is stopped by its host,
    /// and comes back after as much time as half a dozen jobs take.
    /// </summary>
    private const int BareLooks = 100_000;

    /// <summary>Looks with pauses, some hundreds of microseconds, before a helper sleeps: longer than it takes to choose a token.</summary>
    private const int PausedLooks = 1000;

    private static readonly Lock Gate = new();
    private static readonly SemaphoreSlim Sleeping = new(0);
    private static int helpers;
    private static int asleep;
    private static long busyUntil;
    private static volatile Job? current;

    /// <summary>Runs all pieces and returns when all are done. An exception of a piece is thrown here.</summary>
    /// <param name="pieces">The work.</param>
    /// <param name="count">Number of pieces.</param>
    /// <param name="atOnce">Fewest pieces that a thread takes at a time.</param>
    /// <param name="multiplyAdds">Multiply-adds of all pieces together.</param>
    /// <param name="threads">Most threads to use, the caller's among them.</param>
    public static void Run(IPieces pieces, int count, int atOnce, long multiplyAdds, int threads)
    {
        if (threads <= 1 || count <= atOnce || multiplyAdds < (Environment.TickCount64 < Volatile.Read(ref busyUntil) ? WorthSharingWhenBusy : WorthSharing))
        {
            pieces.Run(0, count);
            return;
        }

        if (helpers < threads - 1)
            Grow(threads - 1);
        var job = new Job(pieces, count, atOnce, threads);
        current = job;
        // Each sleeper is woken once, however many jobs go by until it has a core.
        if (Interlocked.Exchange(ref asleep, 0) is var sleepers and > 0)
            Sleeping.Release(sleepers);
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
            for (var i = 0; i < BareLooks + PausedLooks; i++)
            {
                if (current is { } job && job != last)
                    return job;
                if (i >= BareLooks)
                    Thread.SpinWait(8);
            }

            Interlocked.Increment(ref asleep);
            // A job that was published before the count went up has woken nobody. Who does not sleep stays counted, and is woken once for nothing later.
            if (current == last)
                Sleeping.Wait();
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
            for (int from; (from = Volatile.Read(ref next)) < count;)
            {
                // A thread's share of what is left: weights are read in long runs, and threads finish together.
                var to = Math.Min(count, from + Math.Max(atOnce, (count - from) / threads));
                if (Interlocked.CompareExchange(ref next, to, from) != from)
                    continue;
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
            for (var looks = 0; Volatile.Read(ref done) < count; looks++)
            {
                if (looks < BareLooks)
                    continue;
                // A helper that lost its core needs one to finish.
                Volatile.Write(ref busyUntil, Environment.TickCount64 + BusyMilliseconds);
                wait.SpinOnce(sleep1Threshold: -1);
            }

            failure?.Throw();
        }
    }
}
