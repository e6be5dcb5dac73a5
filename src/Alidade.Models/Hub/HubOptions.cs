using System.Globalization;
using Alidade.Core;
using Alidade.Core.Downloads;
using Alidade.Core.Files;

namespace Alidade.Models.Hub;

/// <summary>Where the hub is, where its files are kept, and who asks.</summary>
/// <remarks>The environment variables are those of huggingface_hub.</remarks>
public sealed record HubOptions : DownloadOptions
{
    private const string Hub = "https://huggingface.co";

    /// <summary>The hub's address.</summary>
    public override Uri Endpoint { get; init; } = new(Hub);

    /// <summary>The folder that holds <c>models--ORG--NAME</c>.</summary>
    public required string CacheFolder { get; init; }

    /// <summary>The user's token; null for none. It is sent to <see cref="Endpoint"/> alone, and never shown.</summary>
    public string? Token { get; init; }

    /// <summary>True when nothing may be asked of the network.</summary>
    public bool Offline { get; init; }

    /// <summary>
    /// What the environment says: HF_ENDPOINT; HF_HUB_CACHE, else HF_HOME, else XDG_CACHE_HOME, else ~/.cache; HF_TOKEN, else the token file that HF_TOKEN_PATH
    /// names, else <c>token</c> beside the cache; HF_HUB_OFFLINE.
    /// </summary>
    /// <exception cref="AlidadeException">HF_ENDPOINT is no address, the token file cannot be read, or the token could be read on the way.</exception>
    public static HubOptions FromEnvironment() => From(Environment.GetEnvironmentVariable);

    internal static HubOptions From(Func<string, string?> variable)
    {
        string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;
        var home = UserFolder.Expand(Set("HF_HOME") ?? Path.Combine(UserFolder.Cache(variable), "huggingface"));
        return new()
        {
            Endpoint = AddressIn("HF_ENDPOINT", variable("HF_ENDPOINT"), Hub),
            CacheFolder = UserFolder.Expand(Set("HF_HUB_CACHE") ?? Path.Combine(home, "hub")),
            Token = Set("HF_TOKEN")?.Trim() ?? FromFile(UserFolder.Expand(Set("HF_TOKEN_PATH") ?? Path.Combine(home, "token"))),
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
