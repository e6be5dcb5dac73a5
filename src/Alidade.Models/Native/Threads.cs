using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Alidade.Core;
using TorchSharp;

namespace Alidade.Models.Native;

/// <summary>How many threads one tensor operation may use.</summary>
/// <remarks>
/// The library's own setting binds only the thread that makes it. Called before the tensor library is loaded, <see cref="Use"/> sets the default of
/// every thread (through OMP_NUM_THREADS and MKL_NUM_THREADS); called later, it binds the calling thread, so each worker must call it.
/// </remarks>
public static partial class Threads
{
    private static int requested;

    /// <summary>Uses at most <paramref name="count"/> threads for each operation.</summary>
    /// <exception cref="AlidadeException">The number is below 1 or above 1024.</exception>
    public static void Use(int count)
    {
        if (count is < 1 or > 1024)
            throw new AlidadeException($"threads is {count}; allowed are 1 to 1024 (this machine has {Environment.ProcessorCount})");
        if (NativeLoader.IsLoaded)
            Bind(count);
        else
            requested = count;
    }

    /// <summary>Hands the number over to the libraries that are about to be loaded.</summary>
    internal static void BeforeLoad()
    {
        if (requested == 0)
            return;
        foreach (var variable in (string[])["OMP_NUM_THREADS", "MKL_NUM_THREADS"])
        {
            var value = requested.ToString(CultureInfo.InvariantCulture);
            Environment.SetEnvironmentVariable(variable, value);
            // On Unix the runtime keeps its own copy of the environment, which native code does not see.
            if (!OperatingSystem.IsWindows())
                _ = setenv(variable, value, 1);
        }
    }

    // Apart, so that a call before the library is there does not bring it in.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void Bind(int count) => torch.set_num_threads(count);

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);
}
