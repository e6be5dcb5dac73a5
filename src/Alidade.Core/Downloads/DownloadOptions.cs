namespace Alidade.Core.Downloads;

/// <summary>Where files are fetched from, and with how much patience.</summary>
public abstract record DownloadOptions
{
    /// <summary>The source's address.</summary>
    public abstract Uri Endpoint { get; init; }

    /// <summary>Files that are fetched at the same time.</summary>
    public int FilesAtOnce { get; init; } = 4;

    /// <summary>Tries of a request that make no headway before it is given up.</summary>
    public int Tries { get; init; } = 6;

    /// <summary>The wait before the second try; doubled for each that follows, up to a minute. A server's Retry-After goes before it.</summary>
    public TimeSpan FirstWait { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence of the server after which a request counts as failed.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>An address below <see cref="Endpoint"/>.</summary>
    /// <param name="path">A path whose parts are escaped.</param>
    public Uri Address(string path) => new(Endpoint.AbsoluteUri.TrimEnd('/') + "/" + path);

    /// <summary>The name of a file as part of an address.</summary>
    public static string Escaped(string name) => string.Join('/', name.Split('/').Select(Uri.EscapeDataString));

    /// <summary>The address that a variable of the environment holds.</summary>
    /// <param name="variable">Its name.</param>
    /// <param name="value">Its value; null or empty for <paramref name="usual"/>.</param>
    /// <param name="usual">The address where the variable is not set.</param>
    /// <exception cref="AlidadeException">The value is no address.</exception>
    public static Uri AddressIn(string variable, string? value, string usual) =>
        Uri.TryCreate((string.IsNullOrEmpty(value) ? usual : value).TrimEnd('/'), UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || address.Scheme == Uri.UriSchemeHttp)
            ? address
            : throw new AlidadeException($"{variable} is '{value}'; it must be an address such as {usual}");
}
