using Alidade.Core;

namespace Alidade.Evaluation.Engine;

/// <summary>
/// A model as the evaluation engine sees it: it answers requests in batches. <see cref="Plan"/> depends on the requests alone, so a run that was killed plans the same
/// batches again, computes those that are not stored as a whole, and comes to the same numbers.
/// </summary>
public interface IEvaluatedModel
{
    /// <summary>What people call it.</summary>
    string Name { get; }

    /// <summary>What distinguishes it from every other model whose answers may differ: a hash of weights, adapter and template, or an endpoint's address and model.</summary>
    string Identity { get; }

    /// <summary>True when it answers <see cref="ContinuationRequest"/> and <see cref="RollingRequest"/>; the others answer text by text.</summary>
    bool GivesLogLikelihoods { get; }

    /// <summary>True when it is asked in conversations: an endpoint, or a local model with a chat template.</summary>
    bool IsChat { get; }

    /// <summary>Most batches under way at once.</summary>
    int Concurrency { get; }

    /// <summary>Which requests are answered together, in the order of the work; every request is in one batch.</summary>
    IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<Request> requests);

    /// <summary>Answers a batch of the plan.</summary>
    /// <returns>One response for each request, in order; a request that cannot be answered is <see cref="Unanswered"/>, never an exception.</returns>
    /// <exception cref="AlidadeException">Nothing can be answered: the request itself is not one for this model.</exception>
    Task<IReadOnlyList<Response>> AnswerAsync(IReadOnlyList<Request> batch, CancellationToken cancellation);
}
