using Alidade.Evaluation.Engine;

namespace Alidade.Tests.Evaluation;

/// <summary>A model that answers from a table of log-likelihoods, and keeps what it was asked. A request that is not in the table fails the test.</summary>
internal sealed class RecordedModel(Func<string, string, double?> logLikelihood) : IEvaluatedModel
{
    public List<ContinuationRequest> Asked { get; } = [];

    public string Name => "recorded";

    public string Identity => "recorded";

    public bool GivesLogLikelihoods => true;

    public bool IsChat => false;

    public int Concurrency => 1;

    public IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<Request> requests) => [[.. Enumerable.Range(0, requests.Count)]];

    public Task<IReadOnlyList<Response>> AnswerAsync(IReadOnlyList<Request> batch, CancellationToken cancellation) =>
        Task.FromResult<IReadOnlyList<Response>>([.. batch.Select(r => Answer((ContinuationRequest)r))]);

    private Response Answer(ContinuationRequest request)
    {
        Asked.Add(request);
        return new ContinuationScores([.. request.Continuations.Select(c => logLikelihood(request.Context.Text!, c) is { } known
            ? new ContinuationScore(known, 1, false)
            : throw new Xunit.Sdk.XunitException($"no log-likelihood was recorded of '{c}' after '{request.Context.Text}'"))], false);
    }
}
