using System.Text;

namespace Alidade.Core.Files;

/// <summary>
/// An append-only file of lines. A line is written in one piece and counts only with its line feed; what a killed process left behind the last line feed is
/// cut when the log is opened again. One process may write (<see cref="Runs.RunFolder"/> sees to that), any number read. Members may be called from several threads.
/// </summary>
public sealed class LineLog : IDisposable
{
    private readonly Lock writing = new();
    private readonly FileStream stream;

    /// <summary>Opens a log, made when absent, and cuts a torn last line.</summary>
    /// <exception cref="AlidadeException">The file cannot be written.</exception>
    public LineLog(string path)
    {
        Path = path;
        try
        {
            // No buffer: a line reaches the system in one write, so that a killed process loses none that it reported.
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);
            TornBytes = Cut();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            stream?.Dispose();
            throw AtomicFile.CannotWrite(path, exception);
        }
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>Bytes of a torn last line that were cut on opening; 0 when the file was whole.</summary>
    public long TornBytes { get; }

    /// <summary>Appends one line.</summary>
    /// <param name="line">Text without a line feed.</param>
    /// <exception cref="AlidadeException">The disk is full; the log then ends with the line before.</exception>
    public void Append(string line)
    {
        if (line.Contains('\n', StringComparison.Ordinal))
            throw new ArgumentException("a line of a log holds no line feed", nameof(line));
        var bytes = Encoding.UTF8.GetBytes(line + "\n");
        lock (writing)
        {
            var before = stream.Position;
            try
            {
                stream.Write(bytes);
            }
            catch (IOException exception)
            {
                TakeBack(before);
                throw AtomicFile.CannotWrite(Path, exception);
            }
        }
    }

    /// <summary>Waits until every line is on the disk.</summary>
    /// <exception cref="AlidadeException">The disk refused.</exception>
    public void Flush()
    {
        lock (writing)
        {
            try
            {
                stream.Flush(flushToDisk: true);
            }
            catch (IOException exception)
            {
                throw AtomicFile.CannotWrite(Path, exception);
            }
        }
    }

    /// <summary>The whole lines of a log with their numbers from 1, also while it is being written; nothing when there is no such file.</summary>
    public static IEnumerable<(int Number, string Line)> Read(string path)
    {
        if (!File.Exists(path))
            yield break;
        using var reader = new StreamReader(InputFile.Open(path), Encoding.UTF8);
        var text = new StringBuilder();
        var buffer = new char[1 << 14];
        var number = 0;
        for (int count; (count = reader.Read(buffer)) > 0;)
        {
            var start = 0;
            for (int end; (end = Array.IndexOf(buffer, '\n', start, count - start)) >= 0; start = end + 1)
            {
                text.Append(buffer, start, end - start);
                yield return (++number, text.ToString());
                text.Clear();
            }

            text.Append(buffer, start, count - start);
        }
    }

    /// <summary>Closes the file.</summary>
    public void Dispose() => stream.Dispose();

    private long Cut()
    {
        var length = stream.Length;
        var buffer = new byte[4096];
        var end = length;
        while (end > 0)
        {
            var start = Math.Max(0, end - buffer.Length);
            stream.Position = start;
            var part = buffer.AsSpan(0, (int)(end - start));
            stream.ReadExactly(part);
            var feed = part.LastIndexOf((byte)'\n');
            end = start + feed + 1;
            if (feed >= 0)
                break;
        }

        if (end < length)
            stream.SetLength(end);
        if (stream.CanSeek)
            stream.Position = end;
        return length - end;
    }

    private void TakeBack(long length)
    {
        try
        {
            stream.SetLength(length);
            stream.Position = length;
        }
        catch (Exception exception) when (exception is IOException or NotSupportedException or ArgumentException)
        {
            // The next opening cuts the torn line; the failed write is the one to report.
        }
    }
}
