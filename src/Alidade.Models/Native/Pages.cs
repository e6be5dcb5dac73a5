using System.Runtime.InteropServices;

namespace Alidade.Models.Native;

/// <summary>The pages of memory.</summary>
internal static partial class Pages
{
    // madvise(2): MADV_DONTNEED.
    private const int DontNeed = 4;

    /// <summary>Lets the system have a stretch of memory, its numbers lost, but those of a file's read-only mapping. Whole pages alone: their neighbours may be in use. Windows: no effect.</summary>
    /// <param name="start">Where it begins.</param>
    /// <param name="length">Its bytes.</param>
    public static void Release(nint start, nint length)
    {
        if (OperatingSystem.IsWindows())
            return;
        var page = (nint)Environment.SystemPageSize;
        var from = (start + page - 1) / page * page;
        var to = (start + length) / page * page;
        if (to > from)
            _ = madvise(from, to - from, DontNeed);
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint start, nint length, int advice);
}
