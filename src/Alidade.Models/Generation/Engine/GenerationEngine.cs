using System.Runtime.CompilerServices;
using Alidade.Core;
using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Models.Generation.Engine;

/// <summary>
/// Serves many requests from one model: they join the running batch between two steps and leave it when they are done or cancelled (continuous batching).
/// </summary>
/// <remarks>
/// A dedicated thread alone touches the model; every member may be called from any thread. Nothing of one request reaches another: its random draws, penalties and
/// stops are its own, and its failure ends no other. The model stays the caller's and outlives the engine.
/// </remarks>
public sealed class GenerationEngine : IAsyncDisposable
{
    private readonly CausalLM model;
    private readonly GenerationEngineOptions options;
    private readonly int mostRows;
    private readonly object gate = new();
    private readonly List<EngineRequest> waiting = [];
    private readonly Queue<Action<CausalLM?>> work = new();
    private readonly Dictionary<GenerationRow, EngineRequest> running = [];
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private GenerationEngineStatistics statistics = new(0, 0, 0, 0, 0);
    private bool stopping;

    /// <summary>Starts the engine.</summary>
    /// <param name="model">The model, with the adapter in use; nobody else may use it until the engine is disposed, but through <see cref="RunAsync"/>.</param>
    /// <param name="options">How much it does at once.</param>
    /// <exception cref="AlidadeException">An option is out of range.</exception>
    public GenerationEngine(CausalLM model, GenerationEngineOptions options)
    {
        options.Validate();
        (this.model, this.options) = (model, options);
        mostRows = DecodingBatch.MostRows(model, options.MostRows);
        // The number of threads of an operation belongs to the thread that calls it.
        var threads = get_num_threads();
        new Thread(() => Run(threads)) { IsBackground = true, Name = "generation engine" }.Start();
    }

    /// <summary>What the engine is doing.</summary>
    public GenerationEngineStatistics Statistics
    {
        get
        {
            lock (gate)
                return statistics with { Waiting = waiting.Count };
        }
    }

    /// <summary>Generates from one prompt and streams what comes.</summary>
    /// <param name="prompt">Token ids, at least one.</param>
    /// <param name="generation">How.</param>
    /// <param name="cancellation">Ends the request; so does leaving the stream early.</param>
    /// <returns>Chunks as they come, generated anew each time that they are enumerated; a consumer that is slow finds several tokens in one. The last one carries the result.</returns>
    /// <exception cref="AlidadeException">At the call: the prompt or an option is not acceptable. In the stream: the options leave no token to choose.</exception>
    /// <exception cref="EngineBusyException">In the stream: too many requests wait.</exception>
    /// <exception cref="ObjectDisposedException">In the stream: the engine was disposed.</exception>
    public IAsyncEnumerable<GenerationChunk> StreamAsync(IReadOnlyList<int> prompt, GenerationOptions generation, CancellationToken cancellation = default)
    {
        generation.Validate(model);
        DecodingBatch.CheckPrompt(model, prompt);
        if (generation.MostTokens(prompt.Count, model.Config.ContextLength) > options.MostCacheTokens)
            throw new AlidadeException(
                $"the prompt has {prompt.Count} tokens and {generation.MaxNewTokens} new ones are asked for; this engine holds {options.MostCacheTokens} tokens at once, so ask for fewer");
        return Chunks([.. prompt], generation, cancellation);
    }

    /// <summary>Generates from one prompt and waits for the result.</summary>
    /// <exception cref="AlidadeException">As <see cref="StreamAsync"/>.</exception>
    public async Task<Generated> GenerateAsync(IReadOnlyList<int> prompt, GenerationOptions generation, CancellationToken cancellation = default)
    {
        Generated? result = null;
        await foreach (var chunk in StreamAsync(prompt, generation, cancellation).ConfigureAwait(false))
            result = chunk.Result;
        return result!;
    }

    /// <summary>Runs other work on the model (log-probabilities of a prompt, embeddings) between two steps, on the engine's thread.</summary>
    /// <param name="work">The work. It must leave the model as it was, and should be short: running requests wait for it.</param>
    /// <param name="cancellation">Gives up waiting; work that has begun is finished.</param>
    /// <returns>What the work returns; its exception is the task's.</returns>
    /// <exception cref="ObjectDisposedException">The engine was disposed.</exception>
    public Task<T> RunAsync<T>(Func<CausalLM, T> work, CancellationToken cancellation = default)
    {
        var completion = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Run(CausalLM? ready)
        {
            if (cancellation.IsCancellationRequested)
            {
                completion.TrySetCanceled(cancellation);
                return;
            }

            try
            {
                completion.TrySetResult(work(ready ?? throw Disposed()));
            }
            catch (Exception exception)
            {
                completion.TrySetException(exception);
            }
        }

        lock (gate)
        {
            if (stopping)
                return Task.FromException<T>(Disposed());
            this.work.Enqueue(Run);
            Monitor.Pulse(gate);
        }

        return completion.Task.WaitAsync(cancellation);
    }

    /// <summary>Stops after the step that is running; every request and all work that is not done ends with an <see cref="ObjectDisposedException"/>.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (gate)
        {
            stopping = true;
            Monitor.Pulse(gate);
        }

        await ended.Task.ConfigureAwait(false);
    }

    private static ObjectDisposedException Disposed() => new(nameof(GenerationEngine), "the generation engine has been shut down");

    private async IAsyncEnumerable<GenerationChunk> Chunks(
        int[] prompt, GenerationOptions generation, CancellationToken asked, [EnumeratorCancellation] CancellationToken enumerated = default)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(asked, enumerated);
        var request = new EngineRequest(new(0, prompt, model, generation), either.Token);
        lock (gate)
        {
            ObjectDisposedException.ThrowIf(stopping, this);
            if (waiting.Count >= options.MostWaiting)
                throw new EngineBusyException($"{waiting.Count} requests are waiting already; try again later");
            waiting.Add(request);
            Monitor.Pulse(gate);
        }

        try
        {
            GenerationChunk chunk;
            do
            {
                chunk = await request.TakeAsync().ConfigureAwait(false);
                yield return chunk;
            }
            while (chunk.Result is null);
        }
        finally
        {
            request.Abandon();
        }
    }

    // The engine's thread. Who waits for its end finds the model free and nothing kept.
    private void Run(int threads)
    {
        Threads.Use(threads);
        using (var prefixes = new PrefixCache(options.PrefixCacheTokens))
            Loop(prefixes);
        lock (gate)
        {
            foreach (var request in running.Values.Concat(waiting))
                request.Fail(Disposed());
            running.Clear();
            waiting.Clear();
        }

        ended.SetResult();
    }

    private void Loop(PrefixCache prefixes)
    {
        var batch = new DecodingBatch(model, prefixes);
        while (Wait())
        {
            while (NextWork() is { } next)
                next(model);
            try
            {
                Step(batch, prefixes);
            }
            catch (Exception exception)
            {
                // What the batch holds may be half a step: its rows end, the engine goes on.
                EngineRequest[] ending = [.. running.Values];
                running.Clear();
                batch.Dispose();
                batch = new(model, prefixes);
                Count(batch, prefixes, 0);
                foreach (var request in ending)
                    request.Fail(exception);
            }
        }

        batch.Dispose();
        while (NextWork() is { } left)
            left(null);
    }

    // Sleeps while there is nothing to do; false when the engine stops.
    private bool Wait()
    {
        lock (gate)
        {
            while (!stopping && waiting.Count == 0 && work.Count == 0 && running.Count == 0)
                Monitor.Wait(gate);
            return !stopping;
        }
    }

    private Action<CausalLM?>? NextWork()
    {
        lock (gate)
            return work.TryDequeue(out var next) ? next : null;
    }

    private void Step(DecodingBatch batch, PrefixCache prefixes)
    {
        foreach (var row in batch.Leave(row => running[row].Abandoned))
            running.Remove(row);
        var done = batch.Step().ToList();
        var newcomers = Admitted();
        Join(batch, newcomers);
        done.AddRange(batch.Leave(row => row.Done));
        var news = running.Select(r => (Request: r.Value, r.Key.Fault, Chunk: r.Key.Fault is null ? r.Key.TakeChunk() : null)).ToList();
        foreach (var row in done)
            running.Remove(row);
        Count(batch, prefixes, news.Sum(n => n.Chunk?.Tokens.Count ?? 0));
        foreach (var (request, fault, chunk) in news)
            if (chunk is not null)
                request.Put(chunk);
            else
                request.Fail(fault!);
    }

    // Before anyone is woken: who has an answer finds it counted.
    private void Count(DecodingBatch batch, PrefixCache prefixes, int tokens)
    {
        lock (gate)
            statistics = statistics with
            {
                Running = running.Count,
                TokensGenerated = statistics.TokensGenerated + tokens,
                CacheTokens = batch.CacheTokens,
                PrefixTokens = prefixes.Tokens,
            };
    }

    private void Join(DecodingBatch batch, List<EngineRequest> newcomers)
    {
        try
        {
            batch.Join([.. newcomers.Select(r => r.Row)]);
        }
        catch (Exception exception)
        {
            // Such as no memory for a long prompt: those that had joined before go on.
            foreach (var request in newcomers.Where(r => !batch.Rows.Contains(r.Row)))
                request.Fail(exception);
        }

        foreach (var request in newcomers.Where(r => batch.Rows.Contains(r.Row)))
            running.Add(request.Row, request);
    }

    // The requests that have a place now, first come first served.
    private List<EngineRequest> Admitted()
    {
        lock (gate)
        {
            waiting.RemoveAll(r => r.Abandoned);
            var admitted = new List<EngineRequest>();
            var longest = running.Keys.Select(r => r.MostTokens).DefaultIfEmpty().Max();
            var read = 0;
            foreach (var request in waiting)
            {
                var rows = running.Count + admitted.Count + 1;
                longest = Math.Max(longest, request.Row.MostTokens);
                read += request.Row.Prompt.Count;
                if (rows > mostRows || (long)rows * longest > options.MostCacheTokens || (admitted.Count > 0 && read > options.MostPromptTokens))
                    break;
                admitted.Add(request);
            }

            waiting.RemoveRange(0, admitted.Count);
            return admitted;
        }
    }
}
