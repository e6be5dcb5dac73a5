namespace Alidade.Models.Endpoints;

/// <summary>What calls to an endpoint came to. Every call ends in <see cref="Succeeded"/> or in one of <see cref="Failures"/>, or is still under way.</summary>
public sealed record EndpointStatistics
{
    /// <summary>Calls begun.</summary>
    public required long Calls { get; init; }

    /// <summary>Calls that gave an answer.</summary>
    public required long Succeeded { get; init; }

    /// <summary>Requests sent.</summary>
    public required long Attempts { get; init; }

    /// <summary>Tries that failed and were followed by another, by cause.</summary>
    public required IReadOnlyDictionary<EndpointFailure, long> Retries { get; init; }

    /// <summary>Calls that failed for good, by the cause of the last try.</summary>
    public required IReadOnlyDictionary<EndpointFailure, long> Failures { get; init; }

    /// <summary>Input tokens, as the endpoint counts them.</summary>
    public required long InputTokens { get; init; }

    /// <summary>Output tokens, as the endpoint counts them.</summary>
    public required long OutputTokens { get; init; }

    /// <summary>Answers without a count of tokens: their cost is not in <see cref="Cost"/>.</summary>
    public required long AnswersWithoutUsage { get; init; }

    /// <summary>What the counted tokens cost, in the currency of the prices; null when a price is not known.</summary>
    public required decimal? Cost { get; init; }

    /// <summary>Seconds that tries took, summed over tries, so that tries side by side count each.</summary>
    public required double Seconds { get; init; }
}
