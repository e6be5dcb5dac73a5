using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;

namespace Alidade.Evaluation.Engine;

/// <summary>When a task that may do either asks through the chat template.</summary>
public enum ChatUse
{
    /// <summary>Text that is generated: in a conversation, where the model is a chat model. Log-likelihoods: plain text, as the benchmarks were published.</summary>
    Auto,

    /// <summary>Always.</summary>
    Always,

    /// <summary>Never.</summary>
    Never,
}

/// <summary>What requests came to.</summary>
/// <param name="Responses">One for each request, in order.</param>
/// <param name="Cost">Tokens and seconds of them together; of stored answers what they cost when they were computed.</param>
public sealed record Answers(IReadOnlyList<Response> Responses, Cost Cost);

/// <summary>What every task is given: the model, instruments, where answers are kept, how many items, progress.</summary>
public sealed record EvaluationContext
{
    /// <summary>The model that is evaluated.</summary>
    public required IEvaluatedModel Model { get; init; }

    /// <summary>Judges and classifiers that tasks may use.</summary>
    public Instruments Instruments { get; init; } = new();

    /// <summary>Where answers are kept and found again; null to keep none.</summary>
    public ResponseStore? Store { get; init; }

    /// <summary>Most items of a task, a seeded choice that does not depend on their order; null for all.</summary>
    public int? Limit { get; init; }

    /// <summary>Seed of every choice a task makes. Default 1.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>When tasks ask through the chat template.</summary>
    public ChatUse Chat { get; init; }

    /// <summary>Told how far the work has come.</summary>
    public IProgress<Progress>? Progress { get; init; }

    /// <summary>Stops between batches.</summary>
    public CancellationToken Cancellation { get; init; }

    /// <summary>The items to use: <see cref="Limit"/> of them, the same ones for every model.</summary>
    public IReadOnlyList<T> Choose<T>(IReadOnlyList<T> items)
        where T : IDataRow => ItemChoice.Of(items, Limit, Seed);

    /// <summary>True when text is to be generated in a conversation.</summary>
    public bool GeneratesInChat => Chat switch { ChatUse.Always => true, ChatUse.Never => false, _ => Model.IsChat };

    /// <summary>The local model behind <see cref="Model"/>, for a task that needs its weights.</summary>
    /// <exception cref="AlidadeException">The model is a black box.</exception>
    public LocalModel WhiteBox(string task) => Model as LocalModel
        ?? throw new AlidadeException($"{task} needs a local model, and {Model.Name} is an endpoint");

    /// <summary>Asks the evaluated model.</summary>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="requests">The requests; equal ones are answered once.</param>
    public Task<Answers> AskAsync(string task, IReadOnlyList<Request> requests) => AskAsync(task, Model, requests);

    /// <summary>Asks a model: stored answers are taken, the batches that are not stored as a whole are computed and stored.</summary>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="model">The model.</param>
    /// <param name="requests">The requests; equal ones are answered once.</param>
    public async Task<Answers> AskAsync(string task, IEvaluatedModel model, IReadOnlyList<Request> requests)
    {
        string[] keys = [.. requests.Select(r => ResponseStore.KeyOf(model, r))];
        var distinct = Enumerable.Range(0, requests.Count).DistinctBy(i => keys[i], StringComparer.Ordinal).ToArray();
        var found = new Response?[distinct.Length];
        var done = 0;
        Progress?.Report(new(task, 0, distinct.Length));

        async ValueTask Batch(IReadOnlyList<int> batch)
        {
            Cancellation.ThrowIfCancellationRequested();
            Response?[] stored = [.. batch.Select(i => Store?.Find(keys[distinct[i]]))];
            // A batch is computed as it was planned or not at all: what float32 rounds to depends on what a batch holds.
            var known = stored.All(s => s is not null);
            IReadOnlyList<Response> responses = known ? stored! : await model.AnswerAsync([.. batch.Select(i => requests[distinct[i]])], Cancellation).ConfigureAwait(false);
            if (!known)
                Store?.Add(batch.Zip(responses, (i, r) => (keys[distinct[i]], r)));
            foreach (var (i, response) in batch.Zip(responses))
                found[i] = response;
            Progress?.Report(new(task, Interlocked.Add(ref done, batch.Count), distinct.Length));
        }

        var plan = model.Plan([.. distinct.Select(i => requests[i])]);
        if (model.Concurrency == 1)
        {
            // On this thread: gradient mode and scopes of tensors belong to a thread.
            foreach (var batch in plan)
                await Batch(batch).ConfigureAwait(false);
        }
        else
        {
            await Parallel.ForEachAsync(plan, new ParallelOptions { MaxDegreeOfParallelism = model.Concurrency, CancellationToken = Cancellation }, (batch, _) => Batch(batch)).ConfigureAwait(false);
        }

        var byKey = distinct.Zip(found).ToDictionary(d => keys[d.First], d => d.Second!, StringComparer.Ordinal);
        return new([.. keys.Select(k => byKey[k])], new(found.Sum(r => r!.Tokens), found.Sum(r => r!.Seconds)));
    }
}
