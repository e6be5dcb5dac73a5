using System.Globalization;
using Alidade.Core;

namespace Alidade.Models.Endpoints;

/// <summary>An OpenAI-compatible endpoint, how patient to be with it, and what it may cost.</summary>
public sealed record EndpointOptions
{
    /// <summary>The address below which <c>chat/completions</c> lies, such as <c>http://127.0.0.1:8080/v1</c>.</summary>
    public required Uri BaseUrl { get; init; }

    /// <summary>The model asked for where a call names none.</summary>
    public required string Model { get; init; }

    /// <summary>Name of the environment variable that holds the key; null for an endpoint that needs none. The key itself stands in no option, log or message.</summary>
    public string? KeyVariable { get; init; }

    /// <summary>The header that carries the key as it is, such as <c>X-Goog-Api-Key</c>; null (default) for <c>Authorization: Bearer</c>.</summary>
    public string? KeyHeader { get; init; }

    /// <summary>Most tries after the first one of a call. Default 5.</summary>
    public int MaxRetries { get; init; } = 5;

    /// <summary>The wait before the first retry; it doubles with each, and is drawn between half of it and all of it. Default 1 s.</summary>
    public TimeSpan FirstDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest wait that doubling leads to. Default 30 s.</summary>
    public TimeSpan MaxDelay { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The longest wait that the endpoint may ask for by Retry-After; a call that is told to wait longer fails at once. Default 2 min.</summary>
    public TimeSpan MaxRetryAfter { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest time of one try; of a stream, to its first event and between two events. Default 2 min.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Longest time of a call with all its tries, from when the first is sent. Default 10 min.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Most calls under way at once; others wait. Default 8.</summary>
    public int MaxConcurrency { get; init; } = 8;

    /// <summary>Most requests sent in any 60 s, retries included; null for no limit.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Most tokens used in any 60 s, in and out; null for no limit. Until a call's usage is known it counts as a quarter of its characters and its token limit.</summary>
    public int? TokensPerMinute { get; init; }

    /// <summary>Price of a million input tokens, in the user's currency; null when it is not known.</summary>
    public decimal? InputPrice { get; init; }

    /// <summary>Price of a million output tokens; null when it is not known.</summary>
    public decimal? OutputPrice { get; init; }

    /// <summary>No call begins once this much was spent; what is under way then is finished. Needs both prices. Null for no ceiling.</summary>
    public decimal? CostCeiling { get; init; }

    /// <summary>The largest answer that is read. Default 16 MiB.</summary>
    public int MaxResponseBytes { get; init; } = 16 << 20;

    /// <summary>The name under which the limit of new tokens is sent: <c>max_tokens</c>, which most servers know, or <c>max_completion_tokens</c>, which newer models of OpenAI ask for.</summary>
    public string MaxTokensField { get; init; } = "max_tokens";

    /// <summary>Checks every value.</summary>
    /// <exception cref="AlidadeException">Some cannot be used; the message names all of them.</exception>
    public void Validate()
    {
        var wrong = new List<string>();
        void Check(bool holds, FormattableString message)
        {
            if (!holds)
                wrong.Add(message.ToString(CultureInfo.InvariantCulture));
        }

        var http = BaseUrl.IsAbsoluteUri && BaseUrl.Scheme is "http" or "https";
        Check(http, $"the base URL must begin with http:// or https://");
        if (http)
            Check(BaseUrl.UserInfo.Length == 0 && BaseUrl.Query.Length == 0, $"the base URL must not hold a user name, password or query; give the key by the name of an environment variable");
        Check(Model.Length > 0, $"the model's name is empty");
        Check(MaxRetries >= 0, $"max retries is {MaxRetries}, it must be at least 0");
        Check(FirstDelay > TimeSpan.Zero && FirstDelay <= MaxDelay, $"the first delay is {FirstDelay}, it must be above 0 and at most the longest delay, {MaxDelay}");
        Check(MaxRetryAfter >= TimeSpan.Zero, $"the longest Retry-After is {MaxRetryAfter}, it must be at least 0");
        Check(AttemptTimeout > TimeSpan.Zero, $"the timeout of an attempt is {AttemptTimeout}, it must be above 0");
        Check(TotalTimeout >= AttemptTimeout, $"the total timeout is {TotalTimeout}, it must be at least the timeout of an attempt, {AttemptTimeout}");
        Check(MaxConcurrency >= 1, $"max concurrency is {MaxConcurrency}, it must be at least 1");
        Check(RequestsPerMinute is not < 1, $"requests per minute is {RequestsPerMinute}, it must be at least 1");
        Check(TokensPerMinute is not < 1, $"tokens per minute is {TokensPerMinute}, it must be at least 1");
        Check(InputPrice is not < 0 && OutputPrice is not < 0, $"a price is below 0");
        Check(CostCeiling is not <= 0, $"the cost ceiling is {CostCeiling}, it must be above 0");
        Check(CostCeiling is null || (InputPrice is not null && OutputPrice is not null), $"a cost ceiling needs the price of input and of output tokens");
        Check(MaxResponseBytes >= 1024, $"the largest answer is {MaxResponseBytes} bytes, it must be at least 1024");
        if (wrong.Count > 0)
            throw new AlidadeException("endpoint: " + string.Join("; ", wrong));
    }
}
