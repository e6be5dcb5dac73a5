using Alidade.Core;

namespace Alidade.Training.Objectives.Reward;

/// <summary>How a policy was optimised against a proxy reward.</summary>
public enum OptimisationMethod
{
    /// <summary>Best of n: R(d) = d·(α − β·d).</summary>
    BestOfN,

    /// <summary>Reinforcement learning: R(d) = d·(α − β·log d).</summary>
    Reinforcement,
}

/// <summary>
/// The law of reward-model over-optimisation: the gold reward, relative to the start, as a function of d = √KL(π‖π°). It rises, peaks, and falls as the policy exploits
/// the proxy.
/// </summary>
/// <param name="Method">The form of the law.</param>
/// <param name="Alpha">α.</param>
/// <param name="Beta">β.</param>
/// <param name="ResidualSumOfSquares">Σ (R − fit)².</param>
/// <param name="Points">Points of the fit.</param>
/// <remarks>Gao et al. 2022 (arXiv 2210.10760), §3.1; by least squares.</remarks>
public sealed record OverOptimisation(OptimisationMethod Method, double Alpha, double Beta, double ResidualSumOfSquares, int Points)
{
    /// <summary>Fits the law.</summary>
    /// <param name="method">The form.</param>
    /// <param name="distances">d of each policy, above 0.</param>
    /// <param name="goldRewards">Gold reward of each, less that of the start.</param>
    /// <exception cref="AlidadeException">There are fewer than two different distances, one is not above 0, or the lists differ in length.</exception>
    public static OverOptimisation Fit(OptimisationMethod method, IReadOnlyList<double> distances, IReadOnlyList<double> goldRewards)
    {
        if (distances.Count != goldRewards.Count || distances.Distinct().Count() < 2)
            throw new AlidadeException($"the law of over-optimisation has two constants: it needs a reward at two different distances at least, and there are {distances.Count} distances and {goldRewards.Count} rewards");
        if (distances.FirstOrDefault(d => !(d > 0 && double.IsFinite(d)), 1) is var wrong && !(wrong > 0 && double.IsFinite(wrong)))
            throw new AlidadeException($"a distance √KL is {wrong}; it must be a number above 0 (the start itself is no point of the law)");
        // R/d is a line in x = d or log d, with weights d²: its mean is taken out first, for the sake of digits.
        double X(double d) => method == OptimisationMethod.BestOfN ? d : Math.Log(d);
        var weight = distances.Sum(d => d * d);
        var meanX = distances.Sum(d => d * d * X(d)) / weight;
        var meanY = distances.Zip(goldRewards, (d, r) => d * r).Sum() / weight;
        var slope = distances.Zip(goldRewards, (d, r) => d * (r - (d * meanY)) * (X(d) - meanX)).Sum() / distances.Sum(d => d * d * (X(d) - meanX) * (X(d) - meanX));
        var fit = new OverOptimisation(method, meanY - (slope * meanX), -slope, 0, distances.Count);
        return fit with { ResidualSumOfSquares = distances.Zip(goldRewards, (d, r) => Math.Pow(r - fit.At(d), 2)).Sum() };
    }

    /// <summary>R(d).</summary>
    public double At(double distance) => distance == 0 ? 0 : distance * (Alpha - (Beta * (Method == OptimisationMethod.BestOfN ? distance : Math.Log(distance))));

    /// <summary>The distance beyond which the gold reward falls; null when it never does (β not above 0, or a reward that only falls).</summary>
    public double? PeakDistance => !(Beta > 0) ? null
        : Method == OptimisationMethod.Reinforcement ? Math.Exp((Alpha / Beta) - 1)
        : Alpha > 0 ? Alpha / (2 * Beta) : null;

    /// <summary>The gold reward at the peak.</summary>
    public double? PeakReward => PeakDistance is { } peak ? At(peak) : null;
}
