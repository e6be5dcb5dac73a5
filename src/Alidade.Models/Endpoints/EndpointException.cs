using Alidade.Core;

namespace Alidade.Models.Endpoints;

/// <summary>Why a try, or a call, failed.</summary>
public enum EndpointFailure
{
    /// <summary>No answer within the time of one try (also HTTP 408). Tried again.</summary>
    Timeout,

    /// <summary>The endpoint cannot be reached, or the connection was lost. Tried again.</summary>
    Connection,

    /// <summary>HTTP 429. Tried again, unless the quota is used up or the wait that is asked for is too long.</summary>
    RateLimited,

    /// <summary>HTTP 409 or 5xx, or an error in the place of an answer or inside a stream. Tried again, unless the quota is used up.</summary>
    ServerError,

    /// <summary>The answer ended early. Tried again while nothing of it was handed on.</summary>
    Truncated,

    /// <summary>The answer is not what the protocol says: a web page, broken JSON or compression, another shape. Tried again.</summary>
    InvalidAnswer,

    /// <summary>The answer holds no choice. Tried again.</summary>
    EmptyAnswer,

    /// <summary>Any other HTTP status: the request, the key or the model is wrong. Not tried again.</summary>
    Refused,

    /// <summary>The answer is larger than allowed. Not tried again.</summary>
    TooLarge,

    /// <summary>The time of the whole call is over.</summary>
    TotalTimeout,

    /// <summary>The cost ceiling is reached: the call was not begun.</summary>
    CostCeiling,

    /// <summary>The caller gave up.</summary>
    Cancelled,
}

/// <summary>A call that failed for good.</summary>
public sealed class EndpointException : AlidadeException
{
    internal EndpointException(EndpointFailure cause, string message, int? status = null, TimeSpan? retryAfter = null, bool final = false, Exception? inner = null)
        : base(message, inner!) => (Cause, Status, RetryAfter, Final) = (cause, status, retryAfter, final);

    /// <summary>Why, at the last try.</summary>
    public EndpointFailure Cause { get; }

    /// <summary>HTTP status of the last try; null when there was none.</summary>
    public int? Status { get; }

    /// <summary>Tries made; 0 when the call was not begun.</summary>
    public int Attempts { get; internal init; }

    internal TimeSpan? RetryAfter { get; }

    // Another try cannot help, whatever the cause usually means.
    internal bool Final { get; }

    internal bool CanRetry => !Final && Cause is EndpointFailure.Timeout or EndpointFailure.Connection or EndpointFailure.RateLimited or EndpointFailure.ServerError
        or EndpointFailure.Truncated or EndpointFailure.InvalidAnswer or EndpointFailure.EmptyAnswer;
}
