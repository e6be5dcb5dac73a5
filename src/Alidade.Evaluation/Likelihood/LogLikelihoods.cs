using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Evaluation.Likelihood;

/// <summary>One context and the continuations whose log-likelihood is wanted.</summary>
/// <param name="Context">Token ids; at least one.</param>
/// <param name="Continuations">Token ids of each; at least one token each.</param>
public sealed record LikelihoodRequest(IReadOnlyList<int> Context, IReadOnlyList<IReadOnlyList<int>> Continuations)
{
    internal int Size => Context.Count + Continuations.Sum(c => c.Count);
}

/// <summary>Σ log p(token | context, earlier tokens) of one continuation.</summary>
/// <param name="LogProb">The sum, in nats.</param>
/// <param name="Tokens">Tokens summed over.</param>
/// <param name="IsGreedy">True when each of them is the likeliest in its place.</param>
public readonly record struct Likelihood(double LogProb, int Tokens, bool IsGreedy = false)
{
    /// <summary>Mean log-probability of a token, in nats.</summary>
    public double PerToken => LogProb / Tokens;
}

/// <summary>
/// Log-likelihoods of continuations. A context is computed once for all of its continuations, and so is every beginning that contexts of a batch share: the examples in
/// front of all questions, the passage in front of some of them; and every beginning that continuations of a context share: two sentences up to the word in which they differ.
/// </summary>
public static class LogLikelihoods
{
    /// <summary>Tokens that go through the model together.</summary>
    private const int BatchTokens = 4096;

    /// <summary>Shared beginnings shorter than this are not worth a segment of their own.</summary>
    private const int SharedAtLeast = 16;

    /// <summary>A tree up to this size is one block of attention, in which a segment more costs nothing, so that any shared beginning is worth one.</summary>
    private const int SmallTree = 192;

    /// <summary>Computes all of them.</summary>
    /// <param name="model">The model as it stands.</param>
    /// <param name="requests">The requests.</param>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="progress">Told how far the work has come.</param>
    /// <param name="cancellation">Stops between batches.</param>
    /// <returns>For each request one likelihood a continuation, in order; and the number of tokens that went through the model.</returns>
    /// <exception cref="AlidadeException">A request is longer than the model's context.</exception>
    public static (IReadOnlyList<IReadOnlyList<Likelihood>> Likelihoods, long Tokens) Of(
        CausalLM model, IReadOnlyList<LikelihoodRequest> requests, string task, IProgress<Progress>? progress = null, CancellationToken cancellation = default)
    {
        var results = new IReadOnlyList<Likelihood>[requests.Count];
        var tokens = 0L;
        var done = 0;
        foreach (var members in Plan(requests))
        {
            cancellation.ThrowIfCancellationRequested();
            var (likelihoods, read) = OfBatch(model, [.. members.Select(i => requests[i])]);
            for (var m = 0; m < members.Count; m++)
                results[members[m]] = likelihoods[m];
            tokens += read;
            done += members.Count;
            progress?.Report(new(task, done, requests.Count));
        }

        return (results, tokens);
    }

    /// <summary>Which requests go through the model together: those that begin alike stand together, short ones first.</summary>
    internal static IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<LikelihoodRequest> requests)
    {
        var batches = new List<IReadOnlyList<int>>();
        var batch = new List<int>();
        var filled = 0;
        foreach (var i in Enumerable.Range(0, requests.Count).GroupBy(i => Beginning(requests[i], 0), StringComparer.Ordinal).SelectMany(g => g.OrderBy(i => requests[i].Size)))
        {
            var size = requests[i].Size;
            if (batch.Count > 0 && filled + size > BatchTokens)
            {
                batches.Add(batch);
                (batch, filled) = ([], 0);
            }

            batch.Add(i);
            filled += size;
        }

        if (batch.Count > 0)
            batches.Add(batch);
        return batches;
    }

    /// <summary>Log-likelihoods of one batch, and the tokens that went through the model.</summary>
    internal static (IReadOnlyList<IReadOnlyList<Likelihood>> Likelihoods, long Tokens) OfBatch(CausalLM model, IReadOnlyList<LikelihoodRequest> requests)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var forest = new Forest(requests);
        var (logProbs, greedyTokens) = model.LogProbsWithLikeliest(forest.Batch);
        var (values, likeliest) = (Floats(logProbs), Floats(greedyTokens));
        var sums = new double[forest.Batch.Segments.Count];
        var greedy = new bool[sums.Length];
        Array.Fill(greedy, true);
        for (var i = 0; i < values.Length; i++)
        {
            var segment = forest.Batch.SegmentOfScored[i];
            sums[segment] += values[i];
            greedy[segment] &= likeliest[i] == 1;
        }

        Likelihood Of(int[] path) => new(path.Sum(s => sums[s]), path.Sum(s => forest.Batch.Segments[s].Ids.Count), path.All(s => greedy[s]));
        return ([.. forest.Owners.Select(own => (IReadOnlyList<Likelihood>)[.. own.Select(Of)])], forest.Batch.Ids.Count);
    }

    private static float[] Floats(Tensor tensor) => tensor.to(ScalarType.Float32).cpu().data<float>().ToArray();

    // What a context goes on with: contexts with one key share that beginning. One that is shorter stands alone.
    private static string Beginning(LikelihoodRequest request, int from) =>
        request.Context.Count - from < SharedAtLeast ? "" : string.Join(' ', request.Context.Skip(from).Take(SharedAtLeast));

    /// <summary>The segments of a batch: contexts as a forest in which every shared beginning stands once, and below them the continuations likewise.</summary>
    private sealed class Forest
    {
        private readonly IReadOnlyList<LikelihoodRequest> requests;
        private readonly List<Segment> segments = [];

        public Forest(IReadOnlyList<LikelihoodRequest> requests)
        {
            this.requests = requests;
            Owners = new int[requests.Count][][];
            Grow([.. Enumerable.Range(0, requests.Count)], 0, -1);
            Batch = new(segments);
        }

        public BranchedBatch Batch { get; }

        /// <summary>For each request the segments of each of its continuations.</summary>
        public int[][][] Owners { get; }

        private void Grow(IReadOnlyList<int> members, int from, int parent)
        {
            foreach (var group in members.GroupBy(i => Beginning(requests[i], from), StringComparer.Ordinal))
            {
                int[] alike = [.. group];
                if (group.Key.Length == 0 || alike.Length == 1)
                {
                    foreach (var i in alike)
                        Leaves(i, from, parent);
                    continue;
                }

                var to = from + alike.Skip(1).Min(i => Shared(requests[alike[0]].Context, requests[i].Context, from));
                segments.Add(Unscored(requests[alike[0]], from, to, parent));
                Grow(alike, to, segments.Count - 1);
            }
        }

        private void Leaves(int i, int from, int parent)
        {
            var request = requests[i];
            var least = parent < 0 && request.Size <= SmallTree ? 1 : SharedAtLeast;
            if (from < request.Context.Count)
            {
                segments.Add(Unscored(request, from, request.Context.Count, parent));
                parent = segments.Count - 1;
            }

            var texts = request.Continuations;
            var paths = Owners[i] = new int[texts.Count][];
            Branch([.. Enumerable.Range(0, texts.Count)], 0, parent, []);

            // Equal continuations stand once: a row of a matrix product is rounded by its place, and equal answers must be a tie.
            void Branch(IReadOnlyList<int> members, int at, int above, int[] path)
            {
                foreach (var ended in members.Where(k => texts[k].Count == at))
                    paths[ended] = path;
                foreach (var group in members.Where(k => texts[k].Count > at).GroupBy(k => string.Join(' ', texts[k].Skip(at).Take(least)), StringComparer.Ordinal))
                {
                    var first = texts[group.First()];
                    var to = at + group.Min(k => Shared(first, texts[k], at));
                    segments.Add(new([.. first.Skip(at).Take(to - at)], [.. Enumerable.Repeat(true, to - at)], above));
                    Branch([.. group], to, segments.Count - 1, [.. path, segments.Count - 1]);
                }
            }
        }

        private static Segment Unscored(LikelihoodRequest request, int from, int to, int parent) => new([.. request.Context.Skip(from).Take(to - from)], new bool[to - from], parent);

        private static int Shared(IReadOnlyList<int> one, IReadOnlyList<int> other, int from)
        {
            var count = 0;
            while (from + count < one.Count && from + count < other.Count && one[from + count] == other[from + count])
                count++;
            return count;
        }
    }
}
