namespace Alidade.Models.Endpoints;

/// <summary>When a request may be sent: a bound on calls at once, requests and tokens a minute, and the pauses that the endpoint asked for. Safe for concurrent use.</summary>
internal sealed class EndpointPace(EndpointOptions options, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim slots = new(options.MaxConcurrency);
    private readonly RateWindow? requests = options.RequestsPerMinute is { } most ? new(most, time) : null;
    private readonly RateWindow? tokens = options.TokensPerMinute is { } most ? new(most, time) : null;
    private readonly Lock gate = new();
    private (long From, TimeSpan Length) pause;

    private TimeSpan PauseLeft
    {
        get
        {
            lock (gate)
                return pause.Length - time.GetElapsedTime(pause.From);
        }
    }

    /// <summary>Waits until one more call may be under way.</summary>
    public Task EnterAsync(CancellationToken cancellation) => slots.WaitAsync(cancellation);

    /// <summary>Ends a call.</summary>
    public void Leave() => slots.Release();

    /// <summary>Waits until a request may be sent.</summary>
    /// <param name="expectedTokens">Tokens that it will use, as far as is known.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <returns>Sets the tokens that it did use.</returns>
    public async Task<Action<long>> TakeAsync(long expectedTokens, CancellationToken cancellation)
    {
        while (PauseLeft is var left && left > TimeSpan.Zero)
            await Task.Delay(left, time, cancellation).ConfigureAwait(false);
        var entry = tokens is null ? null : await tokens.TakeAsync(expectedTokens, cancellation).ConfigureAwait(false);
        if (requests is not null)
            await requests.TakeAsync(1, cancellation).ConfigureAwait(false);
        return used =>
        {
            if (entry is not null)
                tokens!.Correct(entry, used);
        };
    }

    /// <summary>Holds every request back: who was told to wait speaks for all.</summary>
    public void Pause(TimeSpan length)
    {
        lock (gate)
            if (length > pause.Length - time.GetElapsedTime(pause.From))
                pause = (time.GetTimestamp(), length);
    }

    public void Dispose()
    {
        slots.Dispose();
        requests?.Dispose();
        tokens?.Dispose();
    }
}
