using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>The device that a person names, such as "cuda:1".</summary>
internal static class NamedDevice
{
    /// <summary>The device of a name.</summary>
    /// <param name="name">"cpu", "cuda" or "cuda:n".</param>
    /// <exception cref="AlidadeException">There is none of that name, or the native library here cannot use it.</exception>
    public static Device Of(string name)
    {
        var (kind, number) = name.IndexOf(':', StringComparison.Ordinal) is >= 0 and var at ? (name[..at], name[(at + 1)..]) : (name, null);
        if (kind is not ("cpu" or "cuda") || (number is not null && (kind == "cpu" || !byte.TryParse(number, out _))))
            throw new AlidadeException($"there is no device '{name}'; allowed are cpu, cuda and cuda:n, such as cuda:1");
        if (kind == "cuda" && !IsThere())
            throw new AlidadeException($"the device '{name}' cannot be used: no CUDA device is seen, or the native library is the one of the CPU alone (the environment variable ALIDADE_LIBTORCH names the folder of another); leave --device out to compute on the CPU");
        return device(name);
    }

    // Where the library has no CUDA, to ask for it is an error of its own kind.
    private static bool IsThere()
    {
        try
        {
            return cuda.is_available();
        }
        catch (Exception exception) when (exception is InvalidOperationException or NotSupportedException or DllNotFoundException)
        {
            return false;
        }
    }
}
