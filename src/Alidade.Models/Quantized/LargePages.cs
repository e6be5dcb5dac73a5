using System.Runtime.InteropServices;

namespace Alidade.Models.Quantized;

/// <summary>
/// Memory for what every token reads from end to end, on pages of 2 MiB where the system gives them: on pages of 4 KiB a core streams no more than two thirds as much, for it
/// waits for addresses. Matrices are smaller than such a page, so they share chunks; a chunk is freed with its last piece.
/// </summary>
internal sealed unsafe partial class LargePages
{
    private const nuint PageBytes = 2 << 20;
    private const nuint ChunkBytes = 4 * PageBytes;

    // A line of the cache.
    private const nuint Alignment = 64;

    // madvise(2): MADV_HUGEPAGE.
    private const int HugePage = 14;

    private static readonly Lock Gate = new();
    private static LargePages? open;
    private readonly byte* start;
    private readonly nuint size;
    private nuint used;
    private int pieces;

    private LargePages(nuint bytes)
    {
        size = (bytes + PageBytes - 1) / PageBytes * PageBytes;
        start = (byte*)NativeMemory.AlignedAlloc(size, PageBytes);
        // A system that refuses goes on with its small pages.
        if (OperatingSystem.IsLinux())
            _ = madvise(start, size, HugePage);
    }

    /// <summary>Takes a piece, aligned to 64 bytes; what it holds is not defined.</summary>
    /// <param name="bytes">Its size.</param>
    /// <param name="piece">Where it begins.</param>
    /// <returns>The chunk, to be given the piece back by one <see cref="Return"/>.</returns>
    public static LargePages Take(nuint bytes, out byte* piece)
    {
        lock (Gate)
        {
            // A piece of a chunk's size has one of its own; the one that is being filled stays.
            var chunk = bytes >= ChunkBytes ? new(bytes) : open is { } current && current.size - current.used >= bytes ? current : open = new(ChunkBytes);
            piece = chunk.start + chunk.used;
            chunk.used = Math.Min(chunk.size, (chunk.used + bytes + Alignment - 1) / Alignment * Alignment);
            chunk.pieces++;
            return chunk;
        }
    }

    /// <summary>Gives a piece back.</summary>
    public void Return()
    {
        lock (Gate)
        {
            if (--pieces > 0)
                return;
            if (open == this)
                open = null;
            NativeMemory.AlignedFree(start);
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(void* start, nuint size, int advice);
}
