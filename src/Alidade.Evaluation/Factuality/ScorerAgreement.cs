using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Correlation;

namespace Alidade.Evaluation.Factuality;

/// <summary>How well a scorer agrees with people on the same texts: the meta-evaluation of TRUE and FRANK as results of a task.</summary>
/// <remarks>TRUE (Honovich et al. 2022, arXiv 2204.04991): the area under the ROC curve, where people say 0 or 1. FRANK (Pagnoni et al. 2021, arXiv 2104.13346):
/// correlations, also within the systems where more than one is named.</remarks>
internal static class ScorerAgreement
{
    /// <summary>The results that the judgements allow: none without any.</summary>
    /// <param name="about">The scorer's measurement.</param>
    /// <param name="scored">The scorer's items.</param>
    /// <param name="human">What people say of each item, and what wrote its text.</param>
    public static IEnumerable<MeasureResult> Of(Measurement about, IReadOnlyList<ItemResult> scored, IReadOnlyDictionary<string, (double? Human, string? System)> human)
    {
        var judged = scored.Where(i => human[i.Id].Human is not null).ToArray();
        var both = judged.Where(i => i.Score is not null).Select(i => (Score: i.Score!.Value, Human: human[i.Id].Human!.Value, human[i.Id].System)).ToArray();
        if (both.Length < 2)
            yield break;
        about = about with
        {
            Direction = Direction.Higher,
            Count = both.Length,
            Unscored = judged.Where(i => i.Score is null).GroupBy(i => i.Why!, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal),
            Truncated = judged.Count(i => i is { Score: not null, Truncated: true }),
        };
        if (both.All(b => b.Human is 0 or 1) && both.Select(b => b.Human).Distinct().Count() == 2)
        {
            var area = Auroc.Of([.. both.Where(b => b.Human == 1).Select(b => b.Score)], [.. both.Where(b => b.Human == 0).Select(b => b.Score)]);
            yield return new(
                about with
                {
                    Name = about.Name + ".auroc",
                    Meaning = "Area under the ROC curve: how often a text that people call consistent scores above one that they do not.",
                    Unit = "share",
                    Value = area.Value,
                    Interval = area.Interval(),
                },
                judged);
        }

        var texts = both.Select(b => new ScoredText(b.Score, b.Human, b.System ?? "")).ToArray();
        var agreement = MetaEvaluation.Of(texts);
        MeasureResult Correlation(string name, string meaning, CorrelationEstimate estimate) => new(
            about with
            {
                Name = about.Name + name,
                Meaning = meaning,
                Unit = "correlation",
                Value = double.IsNaN(estimate.Value) ? null : estimate.Value,
                Interval = estimate.Interval(),
            },
            judged);
        yield return Correlation(".pearson", "Pearson's correlation of the scores with what people say.", agreement.Pearson);
        yield return Correlation(".spearman", "Spearman's correlation of the scores with what people say.", agreement.Spearman);
        if (texts.Select(t => t.System).Distinct(StringComparer.Ordinal).Count() > 1)
            yield return Correlation(".partial_pearson", "Pearson's correlation of the scores with what people say, within the systems that wrote the texts.", agreement.PartialPearson);
    }
}
