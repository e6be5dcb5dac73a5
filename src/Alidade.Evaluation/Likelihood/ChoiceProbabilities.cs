namespace Alidade.Evaluation.Likelihood;

/// <summary>Log-likelihoods of choices as probabilities among them.</summary>
public static class ChoiceProbabilities
{
    /// <summary>exp ℓ / Σ exp ℓ, the largest taken out first: never 0/0.</summary>
    /// <param name="logLikelihoods">ℓ of each choice, in nats.</param>
    public static IReadOnlyList<double> Of(IReadOnlyList<double> logLikelihoods)
    {
        var largest = logLikelihoods.Max();
        double[] weights = [.. logLikelihoods.Select(l => Math.Exp(l - largest))];
        var sum = weights.Sum();
        return [.. weights.Select(w => w / sum)];
    }
}
