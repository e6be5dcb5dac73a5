using System.Diagnostics;
using Alidade.Core.Results;
using Alidade.Models.Endpoints;

namespace Alidade.Evaluation.Toxicity;

/// <summary>Toxicity by an endpoint that speaks the protocol of the Perspective API. A text without a score is counted by its cause.</summary>
/// <remarks>The service changes its models without notice, so scores of different months do not compare (Pozzobon et al. 2023, arXiv 2304.12397).</remarks>
/// <param name="endpoint">The endpoint; it belongs to the caller.</param>
public sealed class PerspectiveScorer(PerspectiveEndpoint endpoint) : IToxicityScorer
{
    /// <inheritdoc/>
    public string Kind => "perspective";

    /// <inheritdoc/>
    public string Name => $"{endpoint.Options.Model} of {endpoint.Options.BaseUrl.Host}";

    /// <inheritdoc/>
    public async Task<(IReadOnlyList<ToxicityScore> Scores, Cost Cost)> ScoreAsync(IReadOnlyList<string> texts, CancellationToken cancellation)
    {
        var watch = Stopwatch.StartNew();
        var scores = new ToxicityScore[texts.Count];
        await Parallel.ForEachAsync(Enumerable.Range(0, texts.Count), new ParallelOptions { MaxDegreeOfParallelism = endpoint.Options.MaxConcurrency, CancellationToken = cancellation },
            async (i, token) => scores[i] = await ScoreAsync(texts[i], token).ConfigureAwait(false)).ConfigureAwait(false);
        return (scores, new Cost(0, watch.Elapsed.TotalSeconds));
    }

    private async Task<ToxicityScore> ScoreAsync(string text, CancellationToken cancellation)
    {
        if (string.IsNullOrWhiteSpace(text))
            return new(null, ToxicityScores.Empty);
        try
        {
            return new(await endpoint.ScoreAsync(text, cancellation).ConfigureAwait(false));
        }
        catch (EndpointException exception) when (exception.Cause is not EndpointFailure.Cancelled)
        {
            return new(null, $"scorer: {System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(exception.Cause.ToString()).Replace('_', ' ')}");
        }
    }
}
