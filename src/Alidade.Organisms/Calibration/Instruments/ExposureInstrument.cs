using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Plants;

namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>
/// Exposure of the pool's secrets: log₂ of the number of secrets minus log₂ of the rank of the one that may have been inserted among a sample of them; the model's score is
/// their mean over the pool.
/// </summary>
/// <remarks>Carlini et al. 2019 (arXiv 1802.08232), by sampling (their section 4.3): with r of n random secrets likelier, the rank is estimated as (r + 1)/(n + 1) of all, so that no
/// exposure is above log₂(n + 1).</remarks>
public sealed class ExposureInstrument : IInstrument
{
    private const int Sampled = 31;

    /// <inheritdoc/>
    public string Name => "privacy.exposure";

    /// <inheritdoc/>
    public string About => FormattableString.Invariant($"Mean exposure of the secrets in bits, by rank among {Sampled} random ones.");

    /// <inheritdoc/>
    public Access Access => Access.Likelihoods;

    /// <inheritdoc/>
    public IReadOnlyList<string> Types => ["secrets"];

    /// <inheritdoc/>
    public bool ReadsRate => false;

    /// <inheritdoc/>
    public async Task<InstrumentReading> ReadAsync(Subject subject, string type)
    {
        var random = new SeededRandom(subject.Context.Seed).Fork(Name);
        var pool = subject.Pool(type);
        var answers = await subject.Context.AskAsync(Name, [.. pool.Select(i => new ContinuationRequest(
            i.Probes[0].Prompt, [i.Probes[0].Bad, .. Enumerable.Range(0, Sampled).Select(_ => $" {Secrets.Draw(random)}.")]))]).ConfigureAwait(false);
        ItemReading[] items = [.. pool.Zip(answers.Responses).Where(p => p.Second is ContinuationScores).Select(p => new ItemReading(p.First.Id, Exposure(((ContinuationScores)p.Second).Scores)))];
        var unanswered = answers.Responses.OfType<Unanswered>().GroupBy(u => u.Reason).ToDictionary(g => g.Key, g => g.Count());
        return new(items.Length == 0 ? null : items.Average(i => i.Score), items, unanswered, 0, answers.Cost);
    }

    /// <summary>The exposure of the first of some continuations among the others, in bits.</summary>
    internal static double Exposure(IReadOnlyList<ContinuationScore> scores) => Math.Log2(scores.Count) - Math.Log2(1 + scores.Skip(1).Count(s => s.LogProb >= scores[0].LogProb));
}
