namespace Alidade.Models.Generation.Engine;

/// <summary>
/// One request on its way: the engine's thread puts chunks in, a consumer takes them out. A consumer that is slow finds everything since its last call as one
/// chunk, so the thread never waits and no more is kept than the text itself.
/// </summary>
internal sealed class EngineRequest(GenerationRow row, CancellationToken cancellation)
{
    private readonly Lock gate = new();
    private readonly SemaphoreSlim ready = new(0, 1);
    private GenerationChunk? pending;
    private Exception? failure;
    private volatile bool abandoned;

    public GenerationRow Row => row;

    /// <summary>True when nobody waits for the rest.</summary>
    public bool Abandoned => abandoned || cancellation.IsCancellationRequested;

    public void Abandon() => abandoned = true;

    public void Put(GenerationChunk chunk)
    {
        lock (gate)
        {
            pending = pending is null ? chunk : new(pending.Text + chunk.Text, [.. pending.Tokens, .. chunk.Tokens], chunk.Result);
            Wake();
        }
    }

    public void Fail(Exception exception)
    {
        lock (gate)
        {
            failure = exception;
            Wake();
        }
    }

    /// <summary>What has come since the last call; waits until there is something.</summary>
    public async Task<GenerationChunk> TakeAsync()
    {
        while (true)
        {
            await ready.WaitAsync(cancellation).ConfigureAwait(false);
            lock (gate)
            {
                // What woke this call may have been taken by the one before.
                if (pending is null && failure is null)
                    continue;
                var chunk = pending ?? throw failure!;
                pending = null;
                // A failure behind the chunk is told at the next call.
                if (failure is not null)
                    Wake();
                return chunk;
            }
        }
    }

    private void Wake()
    {
        if (ready.CurrentCount == 0)
            ready.Release();
    }
}
