using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Models.Steps;

/// <summary>Work in pieces that do not depend on each other.</summary>
internal interface IPieces
{
    /// <summary>Does a run of pieces; called from several threads at once.</summary>
    void Run(int from, int to);
}

/// <summary>
/// Shares pieces of work among the tensor library's own threads, as many as it may use for an operation (<c>--threads</c>). A second pool would fight with the
/// library's threads, which spin while they wait.
/// </summary>
internal static unsafe class Workers
{
    // int torch_parallel_for(int64 begin, int64 end, int64 grain, void (*)(int64, int64, void*), void*)
    private static readonly delegate* unmanaged[Cdecl]<long, long, long, delegate* unmanaged[Cdecl]<long, long, nint, void>, nint, int> ParallelFor = Find();

    /// <summary>Runs all pieces, on the calling thread and others; returns when all are done. An exception of a piece is thrown here.</summary>
    /// <param name="pieces">The work.</param>
    /// <param name="count">Number of pieces.</param>
    /// <param name="atOnce">Pieces that a thread takes at a time: enough to outweigh the taking.</param>
    public static void Run(IPieces pieces, int count, int atOnce)
    {
        var threads = Math.Min(get_num_threads(), (count + atOnce - 1) / atOnce);
        if (threads <= 1)
        {
            pieces.Run(0, count);
            return;
        }

        var job = new Job(pieces, count, atOnce);
        if (ParallelFor is null)
        {
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, _ => job.Work());
        }
        else
        {
            using var handle = new GCHandle<Job>(job);
            _ = ParallelFor(0, threads, 1, &Enter, GCHandle<Job>.ToIntPtr(handle));
        }

        job.Failure?.Throw();
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static void Enter(long from, long to, nint handle) => GCHandle<Job>.FromIntPtr(handle).Target.Work();

    private static delegate* unmanaged[Cdecl]<long, long, long, delegate* unmanaged[Cdecl]<long, long, nint, void>, nint, int> Find()
    {
        NativeLoader.Ensure();
        return NativeLibrary.TryGetExport(NativeLoader.TorchCpu, "torch_parallel_for", out var found)
            ? (delegate* unmanaged[Cdecl]<long, long, long, delegate* unmanaged[Cdecl]<long, long, nint, void>, nint, int>)found : null;
    }

    private sealed class Job(IPieces pieces, int count, int atOnce)
    {
        private int next;

        public ExceptionDispatchInfo? Failure { get; private set; }

        // Threads take pieces as they get free, for another program may be using one of the cores.
        public void Work()
        {
            try
            {
                for (int from; (from = Interlocked.Add(ref next, atOnce) - atOnce) < count;)
                    pieces.Run(from, Math.Min(count, from + atOnce));
            }
            catch (Exception exception)
            {
                // No exception may pass through native code.
                Failure = ExceptionDispatchInfo.Capture(exception);
            }
        }
    }
}
