using System.IO.MemoryMappedFiles;
using Alidade.Core;
using Alidade.Models.Native;

namespace Alidade.Models.Weights;

/// <summary>A file's bytes in memory, read-only, loaded by the system page by page. Every access is checked against the file's length.</summary>
internal sealed unsafe class MappedFile : IDisposable
{
    /// <summary>Below this, telling the system costs more than the memory is worth.</summary>
    private const int LeastReleased = 1 << 18;

    private readonly MemoryMappedFile? file;
    private readonly MemoryMappedViewAccessor? view;
    private byte* start;

    private MappedFile(string path, long length, MemoryMappedFile? file)
    {
        Path = path;
        Length = length;
        this.file = file;
        view = file?.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read);
        view?.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    public string Path { get; }

    /// <summary>Bytes in the file.</summary>
    public long Length { get; }

    /// <exception cref="AlidadeException">The file is absent or cannot be read.</exception>
    public static MappedFile Open(string path)
    {
        FileStream? stream = null;
        try
        {
            stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
            var length = stream.Length;
            // The system refuses to map nothing; an empty file is the format reader's to refuse.
            if (length == 0)
            {
                stream.Dispose();
                return new MappedFile(path, 0, null);
            }

            var map = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
            return new MappedFile(path, length, map);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException)
        {
            stream?.Dispose();
            throw exception switch
            {
                FileNotFoundException or DirectoryNotFoundException => new AlidadeException($"'{path}' does not exist", exception),
                _ when Directory.Exists(path) => new AlidadeException($"'{path}' is a folder, not a file", exception),
                _ => new AlidadeException($"cannot read '{path}': {exception.Message.ReplaceLineEndings(" ")}", exception),
            };
        }
    }

    /// <summary>The bytes from <paramref name="offset"/> on.</summary>
    public ReadOnlySpan<byte> Span(long offset, int length) => new(Pointer(offset, length), length);

    /// <summary>Where the bytes from <paramref name="offset"/> on lie; <paramref name="length"/> of them may be read.</summary>
    public byte* Pointer(long offset, long length)
    {
        ObjectDisposedException.ThrowIf(file is not null && start is null, this);
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfNegative(offset);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset, Length - length);
        return start + offset;
    }

    /// <summary>
    /// Says that these bytes have been read and may leave the process' memory; read again, they come back from the system's cache. Without it a loaded model
    /// would count twice, as tensors and as pages of its file.
    /// </summary>
    public void Release(long offset, long length)
    {
        if (length >= LeastReleased)
            Pages.Release((nint)Pointer(offset, length), (nint)length);
    }

    public void Dispose()
    {
        if (start is not null)
            view!.SafeMemoryMappedViewHandle.ReleasePointer();
        start = null;
        view?.Dispose();
        file?.Dispose();
    }
}
