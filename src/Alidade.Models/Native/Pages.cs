using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>The pages of a tensor's memory.</summary>
internal static partial class Pages
{
    // madvise(2): MADV_DONTNEED.
    private const int DontNeed = 4;

    /// <summary>
    /// Lets the system have a tensor's memory although the tensor lives on, its numbers lost: for what something else holds longer than it is needed. Whole pages alone, their
    /// neighbours may be in use; other systems and devices: no effect.
    /// </summary>
    /// <param name="tensor">In one piece, not empty.</param>
    public static unsafe void Release(Tensor tensor)
    {
        if (!OperatingSystem.IsLinux() || tensor.device_type != DeviceType.CPU)
            return;
        // A span of all its bytes would be too long beyond 2 GiB.
        using var first = tensor.flatten().narrow(0, 0, 1);
        fixed (byte* place = first.bytes)
        {
            var page = (nint)Environment.SystemPageSize;
            var from = ((nint)place + page - 1) / page * page;
            var to = ((nint)place + (nint)(tensor.numel() * first.element_size())) / page * page;
            if (to > from)
                _ = madvise(from, to - from, DontNeed);
        }
    }

    [LibraryImport("libc")]
    private static partial int madvise(nint start, nint length, int advice);
}
