using System.Net;
using System.Security.Cryptography;
using System.Text;
using Alidade.Core.Files;

namespace Alidade.Core.Downloads;

/// <summary>One file on its way: gathered under a name of its own, gone on with where an earlier try ended, hashed while it comes.</summary>
internal sealed class Download(RemoteFile file, string part, Uri address, Action<long> progress)
{
    private static ReadOnlySpan<byte> PointerStart => "version https://git-lfs.github.com/spec/"u8;

    /// <summary>What an earlier try left.</summary>
    public long BytesThere => File.Exists(part) ? new FileInfo(part).Length : 0;

    /// <summary>Fetches what is missing and checks the whole.</summary>
    /// <exception cref="DownloadTrouble">The connection broke; what came is kept.</exception>
    /// <exception cref="AlidadeException">The content is not what is listed, or the disk refuses.</exception>
    public async Task<bool> RunAsync(Func<Uri, long, CancellationToken, Task<HttpResponseMessage>> send, TimeSpan silence, CancellationToken cancellation)
    {
        using var output = Open();
        if (output.Length > file.Bytes)
            Write(() => output.SetLength(0));
        using var hash = NewHash();
        var resumed = await HashPartAsync(output, hash, cancellation).ConfigureAwait(false);
        if (resumed < file.Bytes)
            resumed = await FetchAsync(output, hash, send, silence, cancellation).ConfigureAwait(false);
        if (Convert.ToHexStringLower(hash.GetHashAndReset()) == file.Hash)
        {
            Write(() => output.Flush(flushToDisk: true));
            return true;
        }

        Write(() => output.SetLength(0));
        var wrong = $"'{file.Name}' came with another content than is listed (its {(IsLarge ? "SHA-256" : "git hash")} should be {file.Hash})";
        // The part of an earlier try may be at fault; what was fetched in one go is not better the second time.
        throw resumed > 0 ? new DownloadTrouble(wrong) : new AlidadeException($"{wrong}; nothing of it is kept");
    }

    private bool IsLarge => file.Hash.Length == 64;

    /// <summary>Appends what is missing.</summary>
    /// <returns>The bytes that were there before and are part of the file now; 0 when the server began anew.</returns>
    private async Task<long> FetchAsync(FileStream output, IncrementalHash hash, Func<Uri, long, CancellationToken, Task<HttpResponseMessage>> send, TimeSpan silence, CancellationToken cancellation)
    {
        using var timer = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        timer.CancelAfter(silence);
        var from = output.Length;
        try
        {
            using var response = await send(address, from, timer.Token).ConfigureAwait(false);
            if (response.StatusCode == HttpStatusCode.OK && from > 0)
            {
                // The server gives the whole file again.
                from = 0;
                Write(() => output.SetLength(0));
                _ = hash.GetHashAndReset();
                Begin(hash);
            }
            else if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable
                || (response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From != from))
            {
                Write(() => output.SetLength(0));
                throw new DownloadTrouble($"{address.Host} does not go on with '{file.Name}' at byte {from}");
            }
            else if (response.StatusCode is not (HttpStatusCode.OK or HttpStatusCode.PartialContent))
            {
                throw DownloadClient.Failure(response);
            }

            using var input = await response.Content.ReadAsStreamAsync(timer.Token).ConfigureAwait(false);
            var buffer = new byte[1 << 16];
            while (true)
            {
                timer.CancelAfter(silence);
                var count = await input.ReadAsync(buffer, timer.Token).ConfigureAwait(false);
                if (count == 0)
                    break;
                if (output.Length + count > file.Bytes)
                {
                    Write(() => output.SetLength(0));
                    throw new AlidadeException($"'{file.Name}' is longer than the {file.Bytes} bytes that are listed; nothing of it is kept");
                }

                Write(() => output.Write(buffer, 0, count));
                hash.AppendData(buffer, 0, count);
                progress(output.Length);
            }
        }
        catch (Exception exception) when (DownloadClient.IsBroken(exception, cancellation))
        {
            throw DownloadClient.Broken(address, exception);
        }

        if (output.Length == file.Bytes)
            return from;
        if (IsPointer(output))
        {
            Write(() => output.SetLength(0));
            throw new AlidadeException($"'{file.Name}' is kept in Git LFS: {address} gives the pointer to it, not the file; nothing of it is kept");
        }

        throw new DownloadTrouble($"the connection to {address.Host} ended after {output.Length} of the {file.Bytes} bytes of '{file.Name}'");
    }

    private static bool IsPointer(FileStream output)
    {
        var start = new byte[PointerStart.Length];
        output.Position = 0;
        return output.ReadAtLeast(start, start.Length, throwOnEndOfStream: false) == start.Length && PointerStart.SequenceEqual(start);
    }

    private FileStream Open()
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(part)!);
            // Without a buffer of its own, in which bytes would wait until closing the file finds no room for them.
            return new FileStream(part, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 0, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AlidadeException($"cannot write '{part}': {exception.Message.ReplaceLineEndings(" ")} (another pull of the same may be running)", exception);
        }
    }

    // Apart, so that a full disk is not taken for a broken connection.
    private void Write(Action write)
    {
        try
        {
            write();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw AtomicFile.CannotWrite(part, exception);
        }
    }

    private IncrementalHash NewHash()
    {
        var hash = IncrementalHash.CreateHash(IsLarge ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        Begin(hash);
        return hash;
    }

    // Git hashes a header of kind and length with the content.
    private void Begin(IncrementalHash hash)
    {
        if (!IsLarge)
            hash.AppendData(Encoding.ASCII.GetBytes(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"blob {file.Bytes}\0")));
    }

    private static async Task<long> HashPartAsync(FileStream output, IncrementalHash hash, CancellationToken cancellation)
    {
        var buffer = new byte[1 << 20];
        output.Position = 0;
        int count;
        while ((count = await output.ReadAsync(buffer, cancellation).ConfigureAwait(false)) > 0)
            hash.AppendData(buffer, 0, count);
        return output.Length;
    }
}
