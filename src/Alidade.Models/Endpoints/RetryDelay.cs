using System.Globalization;
using System.Net.Http.Headers;

namespace Alidade.Models.Endpoints;

/// <summary>How long to wait before another try.</summary>
internal static class RetryDelay
{
    /// <summary>Exponential backoff with jitter: the bound min(longest, first·2ⁿ⁻¹), times a draw from [½, 1].</summary>
    /// <param name="retry">n, from 1.</param>
    /// <param name="draw">Uniform on [0, 1).</param>
    /// <param name="options">First and longest delay.</param>
    public static TimeSpan Backoff(int retry, double draw, EndpointOptions options)
    {
        var bound = Math.Min(options.MaxDelay.TotalSeconds, options.FirstDelay.TotalSeconds * Math.Pow(2, retry - 1));
        return TimeSpan.FromSeconds(bound * (1 + draw) / 2);
    }

    /// <summary>What the endpoint asks for: <c>retry-after-ms</c>, or <c>Retry-After</c> in seconds or as a date; null when it says nothing that can be read.</summary>
    public static TimeSpan? Asked(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (Number(headers, "retry-after-ms") is { } milliseconds)
            return TimeSpan.FromMilliseconds(milliseconds);
        if (Number(headers, "Retry-After") is { } seconds)
            return TimeSpan.FromSeconds(seconds);
        return headers.RetryAfter?.Date is { } date ? TimeSpan.FromTicks(Math.Max(0, (date - now).Ticks)) : null;
    }

    // A year is as good as any longer wait, and fits a TimeSpan.
    private static double? Number(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values)
        && double.TryParse(values.ToString(), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? Math.Min(number, TimeSpan.FromDays(365).TotalSeconds) : null;
}
