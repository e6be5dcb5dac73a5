using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Correlation;

namespace Alidade.Evaluation.Factuality;

/// <summary>What a scorer and people say of one text.</summary>
/// <param name="Score">The scorer's number.</param>
/// <param name="Human">The people's number.</param>
/// <param name="System">What wrote the text.</param>
public sealed record ScoredText(double Score, double Human, string System);

/// <summary>How far a scorer of factuality follows people: does it find the better texts, and does it find them among the texts of one system?</summary>
/// <param name="Pearson">Pearson's correlation.</param>
/// <param name="Spearman">Spearman's correlation.</param>
/// <param name="PartialPearson">Pearson's within the systems: of what is left of both after each system's mean is taken off.</param>
/// <param name="PartialSpearman">The same of mid-ranks that were taken over all texts.</param>
/// <param name="SpearmanOfResiduals">Spearman's of what is left of both after each system's mean is taken off.</param>
/// <remarks>Pagnoni et al. 2021 (arXiv 2104.13346), section 5: a scorer that only tells good systems from bad ones has no partial correlation.</remarks>
public sealed record MetaEvaluation(
    CorrelationEstimate Pearson, CorrelationEstimate Spearman, CorrelationEstimate PartialPearson, CorrelationEstimate PartialSpearman, CorrelationEstimate SpearmanOfResiduals)
{
    /// <summary>Texts.</summary>
    public int Count => Pearson.Count;

    /// <summary>Evaluates a scorer.</summary>
    /// <exception cref="ArgumentException">There are fewer than two texts.</exception>
    public static MetaEvaluation Of(IReadOnlyList<ScoredText> texts)
    {
        double[] scores = [.. texts.Select(t => t.Score)], human = [.. texts.Select(t => t.Human)];
        string[] systems = [.. texts.Select(t => t.System)];
        return new(
            PearsonCorrelation.Of(scores, human),
            SpearmanCorrelation.Of(scores, human),
            PartialCorrelation.WithinGroups(scores, human, systems),
            PartialCorrelation.WithinGroups(Ranks.Mid(scores), Ranks.Mid(human), systems),
            SpearmanCorrelation.Of(WithoutMeans(scores, systems), WithoutMeans(human, systems)));
    }

    /// <summary>The texts that a scorer of FRANK has a number for, joined with what people say of them.</summary>
    /// <param name="annotations">What people say.</param>
    /// <param name="scores">What scorers say.</param>
    /// <param name="scorer">The scorer's name.</param>
    public static IReadOnlyList<ScoredText> Join(IEnumerable<FrankAnnotation> annotations, IEnumerable<FrankScores> scores, string scorer)
    {
        var byId = annotations.ToDictionary(a => a.Id, StringComparer.Ordinal);
        return [.. scores.Where(s => s.Scores.ContainsKey(scorer) && byId.ContainsKey(s.Id)).Select(s => new ScoredText(s.Scores[scorer], byId[s.Id].Factuality, byId[s.Id].System))];
    }

    private static double[] WithoutMeans(double[] values, string[] systems)
    {
        var means = values.Zip(systems).GroupBy(p => p.Second, StringComparer.Ordinal).ToDictionary(g => g.Key, g => Mean.Value([.. g.Select(p => p.First)]), StringComparer.Ordinal);
        return [.. values.Zip(systems, (v, s) => v - means[s])];
    }
}
