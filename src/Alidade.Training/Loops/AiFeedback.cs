using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Training.Rewards;

namespace Alidade.Training.Loops;

/// <summary>Pairs that a judge labelled.</summary>
/// <param name="Pairs">Pairs with a verdict, for a reward model or a preference objective.</param>
/// <param name="Ties">Pairs without a difference: for an AI judge also those whose verdict turned with the order.</param>
/// <param name="Unjudged">Pairs without a verdict, by reason.</param>
/// <param name="FirstWins">Share of the decided pairs in which the first answer is better, with its interval; null when none is decided.</param>
public sealed record AiLabels(IReadOnlyList<PreferencePair> Pairs, int Ties, IReadOnlyDictionary<string, int> Unjudged, Interval? FirstWins);

/// <summary>
/// RLAIF's labels: an AI judge says which of two answers is better, asked in both orders. What it labels trains a reward model or a policy as human labels do.
/// </summary>
/// <remarks>Lee et al. 2023 (arXiv 2309.00267); Bai et al. 2022 (arXiv 2212.08073), sec. 4.</remarks>
public static class AiFeedback
{
    /// <summary>Labels pairs of answers.</summary>
    /// <param name="judge">The judge.</param>
    /// <param name="pairs">Two answers to one prompt each.</param>
    /// <param name="cancellation">Stops between pairs.</param>
    public static async Task<AiLabels> LabelAsync(
        IPreferenceJudge judge, IReadOnlyList<(AnsweredPrompt First, AnsweredPrompt Second)> pairs, CancellationToken cancellation = default)
    {
        var verdicts = await judge.CompareAsync(pairs, cancellation);
        var labelled = new List<PreferencePair>();
        var unjudged = new ReasonCounts();
        int ties = 0, first = 0;
        for (var i = 0; i < pairs.Count; i++)
        {
            if (verdicts[i].FirstWins is not { } wins)
                unjudged.Add(verdicts[i].Why!);
            else if (verdicts[i].Tie)
                ties++;
            else
            {
                var (better, worse) = wins > 0.5 ? pairs[i] : (pairs[i].Second, pairs[i].First);
                first += wins > 0.5 ? 1 : 0;
                labelled.Add(new()
                {
                    Id = FormattableString.Invariant($"{pairs[i].First.Asked.Id} pair {i}"),
                    Prompt = better.Asked.Prompt,
                    Chosen = better.Text,
                    Rejected = worse.Text,
                });
            }
        }

        return new(labelled, ties, unjudged.Counts, labelled.Count == 0 ? null : Proportion.Wilson(first, labelled.Count));
    }
}
