using System.Text;

namespace Alidade.Core.Files;

/// <summary>
/// Writes a file so that a reader sees the old content or the whole new content, never a half: to a temporary name in the same folder, flushed to disk,
/// renamed over the target. When anything fails the temporary file is removed and the old file stands.
/// </summary>
public static class AtomicFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false);

    /// <summary>Writes text as UTF-8 without a byte-order mark.</summary>
    /// <exception cref="AlidadeException">The disk is full or the file cannot be written.</exception>
    public static void WriteAllText(string path, string text) => WriteAllBytes(path, Utf8.GetBytes(text));

    /// <summary>Writes bytes.</summary>
    /// <exception cref="AlidadeException">The disk is full or the file cannot be written.</exception>
    public static void WriteAllBytes(string path, ReadOnlyMemory<byte> bytes) => Write(path, stream => stream.Write(bytes.Span));

    /// <summary>Writes what <paramref name="write"/> puts into the stream; folders on the way are made.</summary>
    /// <exception cref="AlidadeException">The disk is full or the file cannot be written. Other exceptions of <paramref name="write"/> pass through.</exception>
    public static void Write(string path, Action<Stream> write)
    {
        var target = Path.GetFullPath(path);
        var temporary = $"{target}.{Guid.NewGuid():N}.tmp";
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            using (var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, target, overwrite: true);
        }
        catch (Exception exception)
        {
            Remove(temporary);
            if (exception is IOException or UnauthorizedAccessException)
                throw CannotWrite(path, exception);
            throw;
        }
    }

    /// <summary>Says before long work that a file cannot be written where it is to stand; what stands there is not touched, and no folder is made.</summary>
    /// <exception cref="AlidadeException">It is a folder, or the system refuses.</exception>
    public static void CheckWritable(string path)
    {
        if (Directory.Exists(path))
            throw new AlidadeException($"cannot write '{path}': it is a folder; name a file");
        // Folders that are missing would be made in the nearest that is there.
        var folder = Path.GetDirectoryName(Path.GetFullPath(path));
        while (folder is not null && !Directory.Exists(folder) && !File.Exists(folder))
            folder = Path.GetDirectoryName(folder);
        var probe = Path.Combine(folder ?? "", $"{Guid.NewGuid():N}.tmp");
        try
        {
            using var stream = new FileStream(probe, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw CannotWrite(path, exception);
        }
    }

    /// <summary>The one line for a write that the system refused.</summary>
    public static AlidadeException CannotWrite(string path, Exception exception)
    {
        // The system's number for "no space left" and "quota exceeded" on Unix and for a full disk on Windows.
        var full = exception is IOException && (exception.HResult is 28 or 122 || (exception.HResult & 0xFFFF) is 0x70 or 0x27);
        return full
            ? new AlidadeException($"cannot write '{path}': the disk is full; free some space and run again, what was written before is kept", exception)
            : new AlidadeException($"cannot write '{path}': {exception.Message.ReplaceLineEndings(" ")}", exception);
    }

    private static void Remove(string temporary)
    {
        try
        {
            File.Delete(temporary);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The failure that brought us here is the one to report.
        }
    }
}
