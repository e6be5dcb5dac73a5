using Alidade.Core;

namespace Alidade.Models.Endpoints;

/// <summary>What became of one item: a value, or the cause for which there is none.</summary>
/// <typeparam name="T">Type of the value.</typeparam>
/// <param name="Value">The value; default when it failed.</param>
/// <param name="Failure">Why it failed; null when it did not.</param>
/// <param name="Reason">The failure in one line; null when it did not fail.</param>
public sealed record Outcome<T>(T? Value, EndpointFailure? Failure, string? Reason)
{
    /// <summary>True when there is a value.</summary>
    public bool Succeeded => Failure is null;
}

/// <summary>Many calls side by side.</summary>
public static class EndpointBatch
{
    /// <summary>
    /// Makes a call for each item and keeps every outcome: a failed item takes nothing from the others. After a cancellation the items that were not done are
    /// outcomes as well.
    /// </summary>
    /// <param name="items">The items.</param>
    /// <param name="call">The call for one of them.</param>
    /// <param name="concurrency">Most calls under way at once; a <see cref="ModelEndpoint"/> holds its own limit below it.</param>
    /// <param name="progress">Told how many items are done.</param>
    /// <param name="cancellation">Begins no further call and cancels those under way.</param>
    /// <returns>The outcome of each item, in order.</returns>
    public static async Task<IReadOnlyList<Outcome<TResult>>> MapAsync<TItem, TResult>(
        IReadOnlyList<TItem> items, Func<TItem, CancellationToken, Task<TResult>> call, int concurrency, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        if (concurrency < 1)
            throw new AlidadeException($"concurrency is {concurrency}, it must be at least 1");
        var outcomes = new Outcome<TResult>[items.Count];
        Array.Fill(outcomes, new(default, EndpointFailure.Cancelled, "not begun: the batch was cancelled"));
        var done = 0;
        // Not ended by the token itself: the loop waits for the calls under way, so that every outcome is in place.
        await Parallel.ForAsync(0, items.Count, new ParallelOptions { MaxDegreeOfParallelism = concurrency }, async (i, _) =>
        {
            if (cancellation.IsCancellationRequested)
                return;
            outcomes[i] = await OutcomeAsync(() => call(items[i], cancellation)).ConfigureAwait(false);
            progress?.Report(Interlocked.Increment(ref done));
        }).ConfigureAwait(false);
        return outcomes;
    }

    private static async Task<Outcome<T>> OutcomeAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return new(await call().ConfigureAwait(false), null, null);
        }
        catch (EndpointException exception)
        {
            return new(default, exception.Cause, exception.Message);
        }
        catch (AlidadeException exception)
        {
            return new(default, EndpointFailure.Refused, exception.Message);
        }
        catch (OperationCanceledException exception)
        {
            return new(default, EndpointFailure.Cancelled, exception.Message);
        }
    }
}
