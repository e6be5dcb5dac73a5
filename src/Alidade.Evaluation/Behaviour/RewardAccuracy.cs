using Alidade.Core.Statistics;

namespace Alidade.Evaluation.Behaviour;

/// <summary>How often a reward model gives the preferred answer the higher reward.</summary>
/// <param name="Strict">Share of pairs with r(chosen) &gt; r(rejected).</param>
/// <param name="StandardError">Standard error of <see cref="Strict"/>, s/√n.</param>
/// <param name="HalfTies">The same with a tie as ½.</param>
/// <param name="Ties">Pairs with equal rewards.</param>
/// <param name="MeanMargin">Mean of r(chosen) − r(rejected).</param>
/// <param name="LogLoss">Mean of −log σ(r(chosen) − r(rejected)), in nats: the Bradley–Terry loss.</param>
public sealed record RewardAccuracy(double Strict, double StandardError, double HalfTies, int Ties, double MeanMargin, double LogLoss)
{
    /// <summary>From rewards of pairs.</summary>
    /// <param name="chosen">Rewards of the preferred answers.</param>
    /// <param name="rejected">Rewards of the others, in the same order.</param>
    public static RewardAccuracy Of(IReadOnlyList<double> chosen, IReadOnlyList<double> rejected)
    {
        if (chosen.Count != rejected.Count)
            throw new ArgumentException($"{chosen.Count} rewards of preferred answers but {rejected.Count} of the others", nameof(rejected));
        double[] margins = [.. chosen.Zip(rejected, (c, r) => c - r)];
        var strict = Mean.Of([.. margins.Select(m => m > 0 ? 1.0 : 0)]);
        return new(
            strict.Value,
            strict.StandardError,
            Mean.Value([.. margins.Select(m => m > 0 ? 1 : m < 0 ? 0 : 0.5)]),
            margins.Count(m => m == 0),
            Mean.Value(margins),
            // log(1 + e^−m) without overflow.
            Mean.Value([.. margins.Select(m => Math.Max(0, -m) + Math.Log(1 + Math.Exp(-Math.Abs(m))))]));
    }
}
