using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Evaluation.Likelihood;

/// <summary>One context and the continuations whose log-likelihood is wanted.</summary>
/// <param name="Context">Token ids; at least one.</param>
/// <param name="Continuations">Token ids of each; at least one token each.</param>
public sealed record LikelihoodRequest(IReadOnlyList<int> Context, IReadOnlyList<IReadOnlyList<int>> Continuations);

/// <summary>Σ log p(token | context, earlier tokens) of one continuation.</summary>
/// <param name="LogProb">The sum, in nats.</param>
/// <param name="Tokens">Tokens summed over.</param>
public readonly record struct Likelihood(double LogProb, int Tokens)
{
    /// <summary>Mean log-probability of a token, in nats.</summary>
    public double PerToken => LogProb / Tokens;
}

/// <summary>
/// Log-likelihoods of continuations. A context is computed once for all of its continuations, and what all contexts of a batch begin with is computed
/// once for the batch; requests are sorted by length.
/// </summary>
public static class LogLikelihoods
{
    /// <summary>Tokens that go through the model together.</summary>
    private const int BatchTokens = 4096;

    /// <summary>Shared beginnings shorter than this are not worth a segment of their own.</summary>
    private const int SharedAtLeast = 32;

    /// <summary>Computes all of them.</summary>
    /// <param name="model">The model as it stands.</param>
    /// <param name="requests">The requests.</param>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="context">Progress and cancellation.</param>
    /// <returns>For each request one likelihood a continuation, in order; and the number of tokens that went through the model.</returns>
    /// <exception cref="AlidadeException">A request is longer than the model's context.</exception>
    public static (IReadOnlyList<IReadOnlyList<Likelihood>> Likelihoods, long Tokens) Of(
        CausalLM model, IReadOnlyList<LikelihoodRequest> requests, string task, MeasureContext context)
    {
        using var noGrad = no_grad();
        var results = new IReadOnlyList<Likelihood>[requests.Count];
        var tokens = 0L;
        var done = 0;
        foreach (var members in Batches(requests))
        {
            context.Cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            var (batch, owners) = BatchOf(members.ConvertAll(i => requests[i]));
            var logProbs = model.LogProbs(batch).to(ScalarType.Float32).cpu().data<float>().ToArray();
            var sums = new double[batch.Segments.Count];
            for (var i = 0; i < logProbs.Length; i++)
                sums[batch.SegmentOfScored[i]] += logProbs[i];
            for (var m = 0; m < members.Count; m++)
                results[members[m]] = [.. owners[m].Select(s => new Likelihood(sums[s], batch.Segments[s].Ids.Count))];
            tokens += batch.Ids.Count;
            done += members.Count;
            context.Progress?.Report(new(task, done, requests.Count));
        }

        return (results, tokens);
    }

    private static IEnumerable<List<int>> Batches(IReadOnlyList<LikelihoodRequest> requests)
    {
        var batch = new List<int>();
        var filled = 0;
        foreach (var i in Enumerable.Range(0, requests.Count).OrderBy(i => Size(requests[i])))
        {
            var size = Size(requests[i]);
            if (batch.Count > 0 && filled + size > BatchTokens)
            {
                yield return batch;
                (batch, filled) = ([], 0);
            }

            batch.Add(i);
            filled += size;
        }

        if (batch.Count > 0)
            yield return batch;
    }

    private static int Size(LikelihoodRequest request) => request.Context.Count + request.Continuations.Sum(c => c.Count);

    // Segments of the batch, and for each request the segments of its continuations.
    private static (BranchedBatch Batch, List<int[]> Owners) BatchOf(List<LikelihoodRequest> requests)
    {
        var shared = Shared(requests);
        var segments = new List<Segment>();
        if (shared >= SharedAtLeast)
            segments.Add(Unscored([.. requests[0].Context.Take(shared)], -1));
        else
            shared = 0;
        var owners = new List<int[]>();
        foreach (var request in requests)
        {
            var parent = segments.Count - 1;
            if (shared == 0 || request.Context.Count > shared)
            {
                segments.Add(Unscored([.. request.Context.Skip(shared)], shared == 0 ? -1 : 0));
                parent = segments.Count - 1;
            }
            else
            {
                parent = 0;
            }

            var own = new int[request.Continuations.Count];
            for (var c = 0; c < own.Length; c++)
            {
                own[c] = segments.Count;
                segments.Add(new(request.Continuations[c], [.. request.Continuations[c].Select(_ => true)], parent));
            }

            owners.Add(own);
        }

        return (new(segments), owners);
    }

    private static Segment Unscored(int[] ids, int parent) => new(ids, new bool[ids.Length], parent);

    private static int Shared(List<LikelihoodRequest> requests)
    {
        if (requests.Count < 2)
            return 0;
        var first = requests[0].Context;
        var shared = first.Count;
        foreach (var request in requests.Skip(1))
        {
            var i = 0;
            while (i < shared && i < request.Context.Count && request.Context[i] == first[i])
                i++;
            shared = i;
        }

        return shared;
    }
}
