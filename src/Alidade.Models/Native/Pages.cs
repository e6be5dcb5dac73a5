using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

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

    /// <summary>The same of a tensor that lives on; other systems and devices: no effect.</summary>
    /// <param name="tensor">In one piece, not empty.</param>
    public static unsafe void Release(Tensor tensor)
    {
        if (!OperatingSystem.IsLinux() || tensor.device_type != DeviceType.CPU)
            return;
        // A span of all its bytes would be too long beyond 2 GiB.
        using var flat = tensor.flatten();
        using var first = flat.narrow(0, 0, 1);
        fixed (byte* place = first.bytes)
            Release((nint)place, (nint)(tensor.numel() * first.element_size()));
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint start, nint length, int advice);
}
