using Alidade.Core;

namespace Alidade.Training.Objectives.Reward;

/// <summary>Taking the best of n samples by a score: how far it is from the policy that samples, and what it wins. KL in nats.</summary>
/// <remarks>Beirami et al. 2024 (arXiv 2401.01879); Stiennon et al. 2020 (arXiv 2009.01325), appendix G.3. Expected scores: <see cref="Alidade.Core.Statistics.BestOf"/>.</remarks>
public static class BestOfN
{
    /// <summary>log n − (n − 1)/n: KL(best of n ‖ base) where scores are never tied, an upper bound otherwise.</summary>
    /// <param name="n">At least 1.</param>
    public static double Kl(int n) => Math.Log(Checked(n)) - ((n - 1.0) / n);

    /// <summary>n/(n + 1): how often the best of n beats one more sample where scores are never tied.</summary>
    /// <param name="n">At least 1.</param>
    public static double WinRate(int n) => Checked(n) / (n + 1.0);

    /// <summary>q_i = F_i^n − F_{i−1}^n: the probability of each of finitely many outcomes, of which no two have one score.</summary>
    /// <param name="probabilities">Probability of each outcome under the base, by rising score; their sum is 1.</param>
    /// <param name="n">At least 1.</param>
    /// <exception cref="AlidadeException">A probability is below 0, or their sum is not 1.</exception>
    public static double[] Distribution(IReadOnlyList<double> probabilities, int n)
    {
        Checked(n);
        var sum = probabilities.Sum();
        if (probabilities.Any(p => !(p >= 0)) || Math.Abs(sum - 1) > 1e-9)
            throw new AlidadeException($"these are no probabilities of outcomes: none may be below 0, and their sum is {sum} instead of 1");
        var (result, below) = (new double[probabilities.Count], 0.0);
        for (var i = 0; i < result.Length; i++)
        {
            var upTo = below + probabilities[i];
            result[i] = Math.Pow(upTo, n) - Math.Pow(below, n);
            below = upTo;
        }

        return result;
    }

    /// <summary>KL(best of n ‖ base) = Σ q log(q/p) of finitely many outcomes.</summary>
    /// <inheritdoc cref="Distribution"/>
    public static double Kl(IReadOnlyList<double> probabilities, int n) =>
        Distribution(probabilities, n).Zip(probabilities, (q, p) => q > 0 ? q * Math.Log(q / p) : 0).Sum();

    private static int Checked(int n) => n >= 1 ? n : throw new AlidadeException($"the best of {n} samples does not exist; n must be at least 1");
}
