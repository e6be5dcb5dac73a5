using Alidade.Core;
using Alidade.Core.Downloads;

namespace Alidade.Models.Hub;

/// <summary>Requests to the hub; refusals become one line that says what to do.</summary>
internal sealed class HubClient : IDisposable
{
    private readonly HubOptions options;
    private readonly string? token;
    private readonly DownloadClient client;

    public HubClient(HubOptions options)
    {
        this.options = options;
        token = options.CheckedToken();
        client = new(options, token);
    }

    /// <summary>The files of a repository at a revision.</summary>
    public async Task<HubListing> ListAsync(HubModelId id, CancellationToken cancellation)
    {
        var address = options.Address($"api/models/{id.Repository}/revision/{Uri.EscapeDataString(id.RevisionOrMain)}?blobs=true");
        byte[] answer = [];
        await ExplainedAsync(id, async () => answer = await client.AnswerAsync(id.ToString(), address, cancellation).ConfigureAwait(false), cancellation).ConfigureAwait(false);
        return HubListing.Read(answer, address.GetLeftPart(UriPartial.Path));
    }

    /// <summary>Fetches files and checks their contents; what an earlier try left is gone on with.</summary>
    /// <param name="id">The repository.</param>
    /// <param name="commit">The commit.</param>
    /// <param name="files">The files.</param>
    /// <param name="target">Where each lies afterwards.</param>
    /// <param name="progress">Told the bytes of each file; null for none.</param>
    /// <param name="cancellation">Stops the work; what was fetched is kept.</param>
    public Task FetchAsync(HubModelId id, string commit, IEnumerable<RemoteFile> files, Func<RemoteFile, string> target, IProgress<Progress>? progress, CancellationToken cancellation)
    {
        Fetch[] wanted = [.. files.Select(f => new Fetch(f, options.Address($"{id.Repository}/resolve/{commit}/{DownloadOptions.Escaped(f.Name)}"), target(f)))];
        return ExplainedAsync(id, () => client.FetchAsync(id.ToString(), wanted, progress, cancellation), cancellation);
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private async Task ExplainedAsync(HubModelId id, Func<Task> request, CancellationToken cancellation)
    {
        try
        {
            await request().ConfigureAwait(false);
        }
        catch (DownloadRefusal refusal)
        {
            throw new AlidadeException(await ExplainAsync(id, refusal, cancellation).ConfigureAwait(false), refusal);
        }
    }

    private async Task<string> ExplainAsync(HubModelId id, DownloadRefusal refusal, CancellationToken cancellation)
    {
        var page = options.Address(id.Repository);
        if (refusal.Code == "GatedRepo")
            return $"{id.Repository} is open only to those who accept its terms: accept them at {page}, then set HF_TOKEN to a token of that account";
        if (refusal.Code == "RevisionNotFound")
            return $"{id.Repository} has no revision '{id.RevisionOrMain}'{Suggest.Hint(id.RevisionOrMain, await RevisionsAsync(id, cancellation).ConfigureAwait(false))}";
        return refusal.Status switch
        {
            401 when token is null => $"the hub shows {id.Repository} to nobody without a token: it is private or gated, or does not exist; look at {page}, and set HF_TOKEN to a token from {options.Address("settings/tokens")}{await SimilarAsync(id, cancellation).ConfigureAwait(false)}",
            401 or 403 => $"the hub does not show {id.Repository} to the owner of the token in HF_TOKEN or the token file ({refusal.Status}): ask for access at {page}, or use another token",
            404 => $"there is no model {id.Repository} on {options.Endpoint.Host}{await SimilarAsync(id, cancellation).ConfigureAwait(false)}",
            _ => $"{refusal.Address.Host} refuses the request for {id} ({refusal.Status})",
        };
    }

    private async Task<string[]> RevisionsAsync(HubModelId id, CancellationToken cancellation) =>
        await NamesAsync($"api/models/{id.Repository}/refs", root => root.EnumerateObject().SelectMany(kind => kind.Value.EnumerateArray()).Select(r => r.GetProperty("name").GetString()!), cancellation)
            .ConfigureAwait(false);

    private async Task<string> SimilarAsync(HubModelId id, CancellationToken cancellation)
    {
        var names = await NamesAsync($"api/models?limit=20&search={Uri.EscapeDataString(id.Name)}", root => root.EnumerateArray().Select(m => m.GetProperty("id").GetString()!), cancellation).ConfigureAwait(false);
        return Suggest.Nearest(id.Repository, names) is { } nearest && nearest != id.Repository ? $" (did you mean '{nearest}'?)" : "";
    }

    // A hint is worth one request and no error.
    private async Task<string[]> NamesAsync(string path, Func<System.Text.Json.JsonElement, IEnumerable<string>> names, CancellationToken cancellation)
    {
        try
        {
            using var json = System.Text.Json.JsonDocument.Parse(await client.OnceAsync(options.Address(path), cancellation).ConfigureAwait(false));
            return [.. names(json.RootElement)];
        }
        catch (Exception exception) when (exception is DownloadTrouble or DownloadRefusal or AlidadeException or System.Text.Json.JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return [];
        }
    }
}
