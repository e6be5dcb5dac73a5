using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Downloads;

namespace Alidade.Models.Hub;

/// <summary>What the hub says of a repository at a revision.</summary>
/// <param name="Commit">The commit.</param>
/// <param name="Files">Its files.</param>
internal sealed record HubListing(string Commit, IReadOnlyList<RemoteFile> Files)
{
    /// <summary>Reads the answer to <c>/api/models/ID/revision/REVISION?blobs=true</c>. Names and hashes become paths, so each is checked.</summary>
    /// <exception cref="AlidadeException">The answer is not what a hub gives.</exception>
    public static HubListing Read(byte[] json, string address)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var root = document.RootElement;
            var commit = root.GetProperty("sha").GetString() ?? "";
            if (!HubCache.IsCommit(commit))
                throw new AlidadeException($"{address} gives '{commit}' as commit; forty hexadecimal digits are expected");
            return new(commit, [.. root.GetProperty("siblings").EnumerateArray().Select(file => FileOf(file, address))]);
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new AlidadeException($"{address} does not answer as the hub does: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    private static RemoteFile FileOf(JsonElement file, string address)
    {
        var name = file.GetProperty("rfilename").GetString() ?? "";
        if (!StaysInside(name))
            throw new AlidadeException($"{address} lists a file '{Weights.Shown.Name(name)}', whose name leaves the model's folder; nothing was fetched");
        var isLarge = file.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var hash = (isLarge ? lfs.GetProperty("sha256") : file.GetProperty("blobId")).GetString() ?? "";
        if (hash.Length != (isLarge ? 64 : 40) || !hash.All(char.IsAsciiHexDigitLower))
            throw new AlidadeException($"{address} gives no hash of '{name}' that its content could be checked against");
        return new(name, (isLarge ? lfs : file).GetProperty("size").GetInt64(), hash);
    }

    // Relative, forward slashes, no step up, no drive, nothing that is no name on some system.
    private static bool StaysInside(string name) =>
        name.Length is > 0 and < 1000
        && !name.Any(c => char.IsControl(c) || c is '\\' or ':' or '<' or '>' or '"' or '|' or '?' or '*')
        && name.Split('/').All(part => part.Length > 0 && part.Trim() is not ("." or ".." or ""));
}
