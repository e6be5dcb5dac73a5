namespace Alidade.Models.Endpoints;

/// <summary>
/// One call: tries with bounded waits between them, a time for each try and one for all, and exactly one entry in the ledger however it ends.
/// </summary>
internal sealed class EndpointCall : IDisposable
{
    private readonly EndpointOptions options;
    private readonly TimeProvider time;
    private readonly EndpointPace pace;
    private readonly EndpointLedger ledger;
    private readonly Func<double> draw;
    private readonly long expectedTokens;
    private readonly CancellationToken caller;
    private Limit? total;
    private Limit? attempt;
    private Action<long>? setTokens;
    private int attempts;
    private bool entered;
    private bool ended;

    public EndpointCall(EndpointOptions options, TimeProvider time, EndpointPace pace, EndpointLedger ledger, Func<double> draw, long expectedTokens, CancellationToken caller)
    {
        (this.options, this.time, this.pace, this.ledger, this.draw, this.expectedTokens, this.caller) = (options, time, pace, ledger, draw, expectedTokens, caller);
        ledger.Begin();
    }

    /// <summary>Tries until it succeeds, or another try would not help or is not allowed.</summary>
    /// <exception cref="EndpointException">The last try's failure.</exception>
    public async Task<T> RetryAsync<T>(Func<CancellationToken, Task<T>> work)
    {
        await pace.EnterAsync(caller).ConfigureAwait(false);
        entered = true;
        while (true)
        {
            TimeSpan wait;
            try
            {
                var token = await BeginAttemptAsync().ConfigureAwait(false);
                return await GuardAsync(() => work(token)).ConfigureAwait(false);
            }
            catch (EndpointException failure) when (WaitAfter(failure) is { } delay)
            {
                ledger.Retry(failure.Cause);
                wait = delay;
            }
            catch (EndpointException failure)
            {
                throw Failed(failure);
            }

            await FinalAsync(() => Task.Delay(wait, time, total!.Token)).ConfigureAwait(false);
        }
    }

    /// <summary>More of the work of a try that already handed something on: its failure is final. The time of the try begins anew.</summary>
    public async Task<T> ContinueAsync<T>(Func<Task<T>> work)
    {
        attempt!.Renew();
        try
        {
            return await GuardAsync(work).ConfigureAwait(false);
        }
        catch (EndpointException failure)
        {
            throw Failed(failure);
        }
    }

    /// <summary>Enters the answer into the ledger.</summary>
    public void Succeed(EndpointUsage? usage)
    {
        ended = true;
        ledger.Succeed(usage);
        if (usage is { } known)
            setTokens?.Invoke(known.Input + known.Output);
    }

    /// <summary>Ends the call; one that neither succeeded nor failed was given up by its caller.</summary>
    public void Dispose()
    {
        if (!ended)
            ledger.Fail(EndpointFailure.Cancelled);
        ended = true;
        attempt?.Dispose();
        total?.Dispose();
        if (entered)
            pace.Leave();
        entered = false;
    }

    private async Task<CancellationToken> BeginAttemptAsync()
    {
        if (ledger.OverCeiling() is { } reason)
            throw new EndpointException(EndpointFailure.CostCeiling, reason, final: true);
        setTokens = await FinalAsync(() => pace.TakeAsync(expectedTokens, total?.Token ?? caller)).ConfigureAwait(false);
        total ??= new(options.TotalTimeout, time, caller);
        attempt?.Dispose();
        attempt = new(options.AttemptTimeout, time, total.Token);
        attempts++;
        ledger.Attempt();
        return attempt.Token;
    }

    private async Task<T> GuardAsync<T>(Func<Task<T>> work)
    {
        var started = time.GetTimestamp();
        try
        {
            return await work().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException or OperationCanceledException || IsUnreadable(exception))
        {
            caller.ThrowIfCancellationRequested();
            throw Meaning(exception);
        }
        finally
        {
            // The time that a reader takes between two events is not the endpoint's.
            attempt?.Suspend();
            ledger.Took(time.GetElapsedTime(started));
        }
    }

    // Broken compression, and texts that are not valid Unicode, which a JSON document finds out when they are asked for.
    private static bool IsUnreadable(Exception exception) => exception is InvalidDataException or (InvalidOperationException and not ObjectDisposedException);

    private EndpointException Meaning(Exception exception) => exception switch
    {
        _ when total!.IsOver => OutOfTime(),
        _ when attempt!.IsOver => new(EndpointFailure.Timeout, FormattableString.Invariant($"{options.BaseUrl} gave no answer within {options.AttemptTimeout.TotalSeconds:0.###} s")),
        _ when IsUnreadable(exception) => new(EndpointFailure.InvalidAnswer, $"the answer of {options.BaseUrl} cannot be read: {exception.Message}", inner: exception),
        // Only reading a body throws it bare: before that it comes inside an HttpRequestException.
        IOException => new(EndpointFailure.Truncated, $"the answer of {options.BaseUrl} ended early", inner: exception),
        _ => new(EndpointFailure.Connection, $"{options.BaseUrl} cannot be reached: {exception.Message.TrimEnd('.')}", inner: exception),
    };

    private EndpointException OutOfTime() =>
        new(EndpointFailure.TotalTimeout, FormattableString.Invariant($"{options.BaseUrl} gave no whole answer within {options.TotalTimeout.TotalSeconds:0.###} s"), final: true);

    private Task FinalAsync(Func<Task> wait) => FinalAsync(async () =>
    {
        await wait().ConfigureAwait(false);
        return true;
    });

    // A wait of our own: only the caller or the total time can end it.
    private async Task<T> FinalAsync<T>(Func<Task<T>> wait)
    {
        try
        {
            return await wait().ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!caller.IsCancellationRequested)
        {
            throw Failed(OutOfTime());
        }
    }

    private TimeSpan? WaitAfter(EndpointException failure)
    {
        if (ended || !failure.CanRetry || attempts > options.MaxRetries)
            return null;
        if (failure.RetryAfter is not { } asked)
            return RetryDelay.Backoff(attempts, draw(), options);
        if (asked > options.MaxRetryAfter)
            return null;
        pace.Pause(asked);
        return asked;
    }

    private EndpointException Failed(EndpointException failure)
    {
        if (ended)
            return failure;
        ended = true;
        ledger.Fail(failure.Cause);
        var tooLong = failure.CanRetry && failure.RetryAfter > options.MaxRetryAfter
            ? FormattableString.Invariant($"; it asks to wait {failure.RetryAfter.Value.TotalSeconds:0} s, longer than the {options.MaxRetryAfter.TotalSeconds:0} s allowed") : "";
        var tries = attempts > 1 ? FormattableString.Invariant($"; gave up after {attempts} tries") : "";
        return new(failure.Cause, failure.Message + tooLong + tries, failure.Status, failure.RetryAfter, final: true, failure.InnerException) { Attempts = attempts };
    }

    /// <summary>A token that is cancelled after a time by the endpoint's clock, or with another token.</summary>
    private sealed class Limit : IDisposable
    {
        private readonly TimeSpan length;
        private readonly CancellationTokenSource timer;
        private readonly CancellationTokenSource either;

        public Limit(TimeSpan length, TimeProvider time, CancellationToken with)
        {
            this.length = length;
            timer = new(length, time);
            either = CancellationTokenSource.CreateLinkedTokenSource(timer.Token, with);
        }

        public CancellationToken Token => either.Token;

        public bool IsOver => timer.IsCancellationRequested;

        public void Renew() => timer.CancelAfter(length);

        public void Suspend() => timer.CancelAfter(Timeout.InfiniteTimeSpan);

        public void Dispose()
        {
            either.Dispose();
            timer.Dispose();
        }
    }
}
