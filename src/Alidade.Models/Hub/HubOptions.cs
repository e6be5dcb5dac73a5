using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Hub;

/// <summary>Where the hub is, where its files are kept, and who asks.</summary>
/// <remarks>The environment variables are those of huggingface_hub.</remarks>
public sealed record HubOptions
{
    /// <summary>The hub's address.</summary>
    public Uri Endpoint { get; init; } = new("https://huggingface.co");

    /// <summary>The folder that holds <c>models--ORG--NAME</c>.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The user's token; null for none. It is sent to <see cref="Endpoint"/> alone, and never shown.</summary>
    public string? Token { get; init; }

    /// <summary>True when nothing may be asked of the network.</summary>
    public bool Offline { get; init; }

    /// <summary>Files that are fetched at the same time.</summary>
    public int FilesAtOnce { get; init; } = 4;

    /// <summary>Tries of a request that make no headway before it is given up.</summary>
    public int Tries { get; init; } = 6;

    /// <summary>The wait before the second try; doubled for each that follows, up to a minute. A server's Retry-After goes before it.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence of the server after which a request counts as failed.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// What the environment says: HF_ENDPOINT; HF_HUB_CACHE, else HF_HOME, else XDG_CACHE_HOME, else ~/.cache; HF_TOKEN, else the token file that HF_TOKEN_PATH
    /// names, else <c>token</c> beside the cache; HF_HUB_OFFLINE.
    /// </summary>
    /// <exception cref="AlidadeException">HF_ENDPOINT is no address, the token file cannot be read, or the token could be read on the way.</exception>
    public static HubOptions FromEnvironment() => From(Environment.GetEnvironmentVariable);

    internal static HubOptions From(Func<string, string?> variable)
    {
        string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;
        var user = Environment.GetFolderPath(Environment.SpecialFolder.UserProfile);
        string Path(params string[] parts) => System.IO.Path.Combine([.. parts.Select(p => p == "~" || p.StartsWith("~/", StringComparison.Ordinal) ? user + p[1..] : p)]);
        var home = Set("HF_HOME") ?? Path(Set("XDG_CACHE_HOME") ?? "~/.cache", "huggingface");
        var endpoint = Set("HF_ENDPOINT") ?? "https://huggingface.co";
        if (!Uri.TryCreate(endpoint.TrimEnd('/'), UriKind.Absolute, out var address) || (address.Scheme != Uri.UriSchemeHttps && address.Scheme != Uri.UriSchemeHttp))
            throw new AlidadeException($"HF_ENDPOINT is '{endpoint}'; it must be an address such as https://huggingface.co");
        return new()
        {
            Endpoint = address,
            CacheFolder = Path(Set("HF_HUB_CACHE") ?? Path(home, "hub")),
            Token = Set("HF_TOKEN")?.Trim() ?? FromFile(Path(Set("HF_TOKEN_PATH") ?? Path(home, "token"))),
            Offline = Set("HF_HUB_OFFLINE")?.ToLower(CultureInfo.InvariantCulture) is "1" or "true" or "yes" or "on",
        };
    }

    /// <summary>The token, fit to be sent.</summary>
    /// <exception cref="AlidadeException">It holds what no token has, or others could read it on the way.</exception>
    internal string? CheckedToken()
    {
        if (Token is not { Length: > 0 })
            return null;
        if (Token.Any(c => c is <= ' ' or > '~'))
            throw new AlidadeException("the hub's token (HF_TOKEN or the token file) holds a character that no token has; copy it again");
        return Endpoint.Scheme == Uri.UriSchemeHttps || Endpoint.IsLoopback ? Token
            : throw new AlidadeException($"the hub's token would go to {Endpoint} unencrypted; use https in HF_ENDPOINT, or take HF_TOKEN and the token file away");
    }

    private static string? FromFile(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AlidadeException($"the hub's token file '{path}' cannot be read: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }
}
