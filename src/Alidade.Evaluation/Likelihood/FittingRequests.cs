using System.Diagnostics;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Models;

namespace Alidade.Evaluation.Likelihood;

/// <summary>Likelihoods of the requests that fit into the model's context; the others are told apart, not cut and not an error, since a measure counts them.</summary>
public static class FittingRequests
{
    /// <summary>Why an item without a likelihood has no score.</summary>
    public const string TooLong = LocalModel.TooLong;

    /// <summary>Computes them.</summary>
    /// <param name="model">The model as it stands.</param>
    /// <param name="requests">The requests.</param>
    /// <param name="task">What progress calls the work.</param>
    /// <param name="context">Progress and cancellation.</param>
    /// <returns>For each request the likelihoods of its continuations, or null where context and longest continuation are too long; and what it cost.</returns>
    public static (IReadOnlyList<IReadOnlyList<Likelihood>?> Likelihoods, Cost Cost) Of(
        CausalLM model, IReadOnlyList<LikelihoodRequest> requests, string task, EvaluationContext context)
    {
        var watch = Stopwatch.StartNew();
        var fitting = Enumerable.Range(0, requests.Count).Where(i => Length(requests[i]) <= model.Config.ContextLength).ToArray();
        var (likelihoods, tokens) = LogLikelihoods.Of(model, [.. fitting.Select(i => requests[i])], task, context.Progress, context.Cancellation);
        var results = new IReadOnlyList<Likelihood>?[requests.Count];
        for (var i = 0; i < fitting.Length; i++)
            results[fitting[i]] = likelihoods[i];
        return (results, new(tokens, watch.Elapsed.TotalSeconds));
    }

    private static int Length(LikelihoodRequest request) => request.Context.Count + request.Continuations.Max(c => c.Count);
}
