using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;
using Alidade.Core;

namespace Alidade.Models.Native;

/// <summary>
/// Loads the tensor library so that it works with nothing for the user to do. It runs by itself when TorchSharp is first loaded, so that a command which
/// needs no tensor loads none; a command that will need tensors calls <see cref="Ensure"/> first, to have a missing file reported in one line.
/// </summary>
/// <remarks>
/// <list type="number">
/// <item>The folder: <c>ALIDADE_LIBTORCH</c> (a libtorch build, for example one for CUDA) or the packaged one.</item>
/// <item>The allocator is set for big, short-lived blocks (<see cref="Allocator"/>).</item>
/// <item>libtorch's own libraries are loaded, then TorchSharp's native part; TorchSharp then finds them by their names.</item>
/// </list>
/// On Linux TorchSharp's native part requires the symbol version GLIBCXX_3.4.32, which Debian 12 and Ubuntu 22.04 lack, for one symbol that is never
/// called (<c>std::ios_base_library_init</c>). There a copy is loaded, kept in the user's cache, with that requirement marked weak; the installed file is
/// never edited, since it may be a hard link into the package cache.
/// </remarks>
public static class NativeLoader
{
    /// <summary>The environment variable that names a folder with a libtorch build (the folder with the libraries or the one above its <c>lib</c>).</summary>
    public const string FolderVariable = "ALIDADE_LIBTORCH";

    private const string MissingVersion = "GLIBCXX_3.4.32";
    private static readonly Lock Gate = new();
    private static volatile bool loaded;
    private static ExceptionDispatchInfo? failure;

    /// <summary>Whether the tensor library is in the process.</summary>
    public static bool IsLoaded => loaded;

    /// <summary>The loaded library that exports the C interface; 0 before <see cref="Ensure"/>.</summary>
    internal static nint TorchCpu { get; private set; }

    /// <summary>Loads the tensor library unless it is loaded.</summary>
    /// <exception cref="AlidadeException">A file is missing or the system refuses it: which, where it was looked for, and what to do.</exception>
    public static void Ensure()
    {
        if (loaded)
            return;
        lock (Gate)
        {
            failure?.Throw();
            if (loaded)
                return;
            try
            {
                Load(Environment.GetEnvironmentVariable(FolderVariable), AppContext.BaseDirectory);
                loaded = true;
            }
            catch (AlidadeException exception)
            {
                // A second attempt would find libtorch half loaded.
                failure = ExceptionDispatchInfo.Capture(exception);
                throw;
            }
        }
    }

    // A library has no entry point of its own, and any room, test or program may be the first to touch a tensor.
    [ModuleInitializer]
    [SuppressMessage("Usage", "CA2255", Justification = "Only registers a handler; nothing is loaded before TorchSharp is.")]
    internal static void Watch()
    {
        AppDomain.CurrentDomain.AssemblyLoad += (_, e) => LoadFor(e.LoadedAssembly.GetName().Name);
        foreach (var assembly in AppDomain.CurrentDomain.GetAssemblies())
            LoadFor(assembly.GetName().Name);
    }

    private static void LoadFor(string? assembly)
    {
        if (assembly != "TorchSharp")
            return;
        try
        {
            Ensure();
        }
        catch (AlidadeException)
        {
            // Nobody catches what a load handler throws; the next call of Ensure reports it.
        }
    }

    private static void Load(string? chosen, string application)
    {
        if (RuntimeInformation.RuntimeIdentifier.Contains("musl", StringComparison.Ordinal))
            throw new AlidadeException("the tensor library needs a Linux with glibc (Debian, Ubuntu, Fedora), this one has musl; use a Debian-based image");
        var libtorch = string.IsNullOrEmpty(chosen) ? PackagedFolder(application) : ChosenFolder(chosen);
        var bridge = Find(FileName("LibTorchSharp"), [application, RuntimeFolder(application)]);
        Allocator.Configure();
        Threads.BeforeLoad();
        foreach (var name in (string[])["c10", "torch_cpu", "c10_cuda", "torch_cuda", "torch"])
        {
            var path = Path.Combine(libtorch, FileName(name));
            if (!File.Exists(path))
                continue;
            var handle = LoadFile(path);
            if (name == "torch_cpu")
                TorchCpu = handle;
        }

        if (OperatingSystem.IsLinux() && !NativeLibrary.TryLoad(bridge, out _))
            LoadFile(PatchedCopy.Of(bridge, MissingVersion));
        else
            LoadFile(bridge);
    }

    private static string PackagedFolder(string application) =>
        Path.GetDirectoryName(Find(FileName("torch_cpu"), [Path.Combine(application, "libtorch"), application, RuntimeFolder(application)]))!;

    private static string ChosenFolder(string chosen)
    {
        var file = FileName("torch_cpu");
        string[] folders = [chosen, Path.Combine(chosen, "lib")];
        return Array.Find(folders, folder => File.Exists(Path.Combine(folder, file)))
            ?? throw new AlidadeException(
                $"{FolderVariable} is '{chosen}', but there is no {file} in it or in its folder 'lib'; name the folder of a libtorch 2.10 build");
    }

    // Where a build for all platforms keeps the files of one.
    private static string RuntimeFolder(string application)
    {
        var platform = OperatingSystem.IsWindows() ? "win" : OperatingSystem.IsMacOS() ? "osx" : "linux";
        var architecture = RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant();
        return Path.Combine(application, "runtimes", $"{platform}-{architecture}", "native");
    }

    private static string Find(string file, string[] folders)
    {
        var folder = Array.Find(folders, folder => File.Exists(Path.Combine(folder, file)));
        return folder is not null
            ? Path.Combine(folder, file)
            : throw new AlidadeException(
                $"the tensor library's file {file} is missing (looked in {string.Join(" and ", folders.Select(f => $"'{f}'"))}); "
                + $"build or install Alidade for this platform again, or set {FolderVariable} to the folder of a libtorch 2.10 build");
    }

    private static string FileName(string library) =>
        OperatingSystem.IsWindows() ? $"{library}.dll" : OperatingSystem.IsMacOS() ? $"lib{library}.dylib" : $"lib{library}.so";

    private static nint LoadFile(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception exception) when (exception is DllNotFoundException or BadImageFormatException)
        {
            var reason = exception.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)[0];
            throw new AlidadeException($"the tensor library's file '{path}' cannot be loaded: {reason}", exception);
        }
    }
}
