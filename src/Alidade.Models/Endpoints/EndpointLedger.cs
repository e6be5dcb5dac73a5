using System.Globalization;

namespace Alidade.Models.Endpoints;

/// <summary>Counts calls, tries, failures, tokens and cost. Safe for concurrent use.</summary>
internal sealed class EndpointLedger(EndpointOptions options)
{
    private const decimal Million = 1_000_000;

    private readonly Lock gate = new();
    private readonly SortedDictionary<EndpointFailure, long> retries = [];
    private readonly SortedDictionary<EndpointFailure, long> failures = [];
    private long calls;
    private long succeeded;
    private long attempts;
    private long inputTokens;
    private long outputTokens;
    private long withoutUsage;
    private TimeSpan time;

    private decimal? Cost => options is { InputPrice: { } input, OutputPrice: { } output } ? ((inputTokens * input) + (outputTokens * output)) / Million : null;

    public EndpointStatistics Snapshot()
    {
        lock (gate)
            return new()
            {
                Calls = calls,
                Succeeded = succeeded,
                Attempts = attempts,
                Retries = new SortedDictionary<EndpointFailure, long>(retries),
                Failures = new SortedDictionary<EndpointFailure, long>(failures),
                InputTokens = inputTokens,
                OutputTokens = outputTokens,
                AnswersWithoutUsage = withoutUsage,
                Cost = Cost,
                Seconds = time.TotalSeconds,
            };
    }

    public void Begin() => Count(ref calls);

    public void Attempt() => Count(ref attempts);

    public void Took(TimeSpan span)
    {
        lock (gate)
            time += span;
    }

    public void Retry(EndpointFailure cause) => Count(retries, cause);

    public void Fail(EndpointFailure cause) => Count(failures, cause);

    /// <summary>A call that gave its answer.</summary>
    public void Succeed(EndpointUsage? usage)
    {
        lock (gate)
        {
            succeeded++;
            if (usage is { } known)
                (inputTokens, outputTokens) = (inputTokens + known.Input, outputTokens + known.Output);
            else
                withoutUsage++;
        }
    }

    /// <summary>Why no further request may be sent; null when one may.</summary>
    public string? OverCeiling()
    {
        lock (gate)
        {
            if (options.CostCeiling is not { } ceiling)
                return null;
            if (withoutUsage > 0)
                return $"{options.BaseUrl} reports no token counts, so the cost ceiling of {Shown(ceiling)} cannot be kept; take the ceiling away or use another endpoint";
            return Cost >= ceiling ? $"the cost ceiling of {Shown(ceiling)} is reached: {Shown(Cost.Value)} spent on {succeeded} answers; raise the ceiling to go on" : null;
        }
    }

    private static string Shown(decimal amount) => amount.ToString("0.######", CultureInfo.InvariantCulture);

    private void Count(ref long counter)
    {
        lock (gate)
            counter++;
    }

    private void Count(SortedDictionary<EndpointFailure, long> by, EndpointFailure cause)
    {
        lock (gate)
            by[cause] = by.GetValueOrDefault(cause) + 1;
    }
}

/// <summary>Tokens of one call, as the endpoint counts them.</summary>
internal readonly record struct EndpointUsage(long Input, long Output);
