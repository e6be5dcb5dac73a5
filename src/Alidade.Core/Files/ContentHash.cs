using System.Security.Cryptography;
using System.Text;

namespace Alidade.Core.Files;

/// <summary>A file as it was used: its role in the run, where it lay, its size and its SHA-256.</summary>
/// <param name="Role">What it is to the run, such as "model" or "preferences".</param>
/// <param name="Path">Path as the user gave it.</param>
/// <param name="Bytes">Size in bytes.</param>
/// <param name="Sha256">SHA-256 of the content, 64 lower-case hexadecimal digits.</param>
public sealed record HashedFile(string Role, string Path, long Bytes, string Sha256)
{
    /// <summary>Hashes a file.</summary>
    /// <exception cref="AlidadeException">The file cannot be read.</exception>
    public static HashedFile Of(string role, string path) => new(role, path, ContentHash.LengthOf(path), ContentHash.OfFile(path));
}

/// <summary>SHA-256 of a file's content, read as a stream, so that a model of any size takes no memory.</summary>
public static class ContentHash
{
    /// <summary>The hash as 64 lower-case hexadecimal digits.</summary>
    /// <exception cref="AlidadeException">The file cannot be read.</exception>
    public static string OfFile(string path)
    {
        using var stream = InputFile.Open(path);
        try
        {
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (IOException exception)
        {
            throw InputFile.CannotRead(path, exception);
        }
    }

    /// <summary>The hash of bytes as 64 lower-case hexadecimal digits.</summary>
    public static string OfBytes(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The first 12 digits of a text's hash: enough to tell the rows of a file apart.</summary>
    internal static string ShortOf(string text) => OfBytes(Encoding.UTF8.GetBytes(text))[..12];

    internal static long LengthOf(string path)
    {
        using var stream = InputFile.Open(path);
        return stream.Length;
    }
}
