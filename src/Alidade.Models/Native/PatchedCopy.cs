using System.Security.Cryptography;
using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Models.Native;

/// <summary>A copy of a native library in the user's cache in which one required symbol version is weak. See <see cref="ElfVersions"/>.</summary>
internal static class PatchedCopy
{
    /// <summary>The path of a library that loads on systems without <paramref name="version"/>: the library itself when it does not require it.</summary>
    /// <exception cref="AlidadeException">The library cannot be read, is no ELF library, or the copy can be written nowhere.</exception>
    public static string Of(string library, string version) => Of(library, version, CacheFolder());

    internal static string Of(string library, string version, string cache)
    {
        var bytes = Read(library);
        var hash = Convert.ToHexStringLower(SHA256.HashData(bytes))[..32];
        try
        {
            if (ElfVersions.MarkWeak(bytes, version) == 0)
                return library;
        }
        catch (InvalidDataException exception)
        {
            throw new AlidadeException($"the tensor library's file '{library}' is damaged ({exception.Message}); build or install Alidade again", exception);
        }

        var copy = Path.Combine(cache, hash, Path.GetFileName(library));
        if (Holds(copy, bytes))
            return copy;
        try
        {
            AtomicFile.WriteAllBytes(copy, bytes);
            return copy;
        }
        catch (AlidadeException)
        {
            // A read-only home: a private folder of this process serves as well, at the price of a write per start.
            copy = Path.Combine(Directory.CreateTempSubdirectory("alidade-native-").FullName, Path.GetFileName(library));
            AtomicFile.WriteAllBytes(copy, bytes);
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
            return copy;
        }
    }

    private static string CacheFolder()
    {
        var user = Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        return Path.Combine(user.Length > 0 ? user : Path.GetTempPath(), "alidade", "native");
    }

    private static byte[] Read(string library)
    {
        try
        {
            return File.ReadAllBytes(library);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AlidadeException($"the tensor library's file '{library}' cannot be read: {exception.Message}", exception);
        }
    }

    // The whole copy is compared, so that a damaged or foreign file in the cache is written anew and never loaded.
    private static bool Holds(string copy, ReadOnlySpan<byte> bytes)
    {
        try
        {
            return File.Exists(copy) && File.ReadAllBytes(copy).AsSpan().SequenceEqual(bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
