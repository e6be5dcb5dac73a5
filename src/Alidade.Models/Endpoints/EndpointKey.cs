using Alidade.Core;

namespace Alidade.Models.Endpoints;

/// <summary>The key of an endpoint. It leaves this object only into a request's header; texts that are shown pass through <see cref="Redact"/>.</summary>
internal sealed class EndpointKey
{
    private readonly string? value;
    private readonly string? header;

    private EndpointKey(string? value, string? header) => (this.value, this.header) = (value, header);

    /// <summary>Reads the key from the environment.</summary>
    /// <param name="variable">Name of the variable; null for no key.</param>
    /// <param name="endpoint">The endpoint, for errors.</param>
    /// <param name="header">The header that carries the key as it is; null for the bearer scheme.</param>
    /// <exception cref="AlidadeException">The variable is not set, or holds what no header can.</exception>
    public static EndpointKey Read(string? variable, Uri endpoint, string? header = null)
    {
        if (variable is null)
            return new(null, null);
        var key = Environment.GetEnvironmentVariable(variable)?.Trim();
        if (string.IsNullOrEmpty(key))
            throw new AlidadeException($"the environment variable '{variable}', which should hold the key of {endpoint}, is not set");
        if (key.Any(c => c is <= ' ' or > '~'))
            throw new AlidadeException($"the environment variable '{variable}' holds a blank, a line break or a character that is not ASCII; a key has none");
        return new(key, header);
    }

    /// <summary>Puts the key into a request.</summary>
    public void Sign(HttpRequestMessage request)
    {
        if (value is not null)
            request.Headers.TryAddWithoutValidation(header ?? "Authorization", header is null ? "Bearer " + value : value);
    }

    /// <summary>A text with the key struck out: endpoints quote it in their messages.</summary>
    public string Redact(string text) => value is null ? text : text.Replace(value, "(key)", StringComparison.Ordinal);

    /// <inheritdoc/>
    public override string ToString() => value is null ? "no key" : "(key)";
}
