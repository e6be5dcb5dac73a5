namespace Alidade.Core.Statistics.Correlation;

/// <summary>Spearman's ρ: Pearson's correlation of the ranks, equal values sharing their mean rank. How far one quantity rises with the other, in any shape.</summary>
/// <remarks>Spearman 1904; p by the t approximation.</remarks>
public static class SpearmanCorrelation
{
    /// <summary>The correlation with its test.</summary>
    /// <exception cref="ArgumentException">The lists differ in length or hold fewer than two values.</exception>
    public static CorrelationEstimate Of(IReadOnlyList<double> first, IReadOnlyList<double> second) => PearsonCorrelation.Of(Ranks.Mid(first), Ranks.Mid(second));
}
