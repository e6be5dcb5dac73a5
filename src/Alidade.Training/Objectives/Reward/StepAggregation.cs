using Alidade.Core;

namespace Alidade.Training.Objectives.Reward;

/// <summary>How the probabilities that each step is right become one score of a solution.</summary>
public enum StepAggregation
{
    /// <summary>Their product: the probability that every step is right, were they independent (Lightman et al. 2023).</summary>
    Product,

    /// <summary>The weakest step.</summary>
    Minimum,

    /// <summary>The last step.</summary>
    Last,

    /// <summary>Their mean, which does not punish length.</summary>
    Mean,

    /// <summary>Their geometric mean: the product without the punishment of length.</summary>
    GeometricMean,
}

/// <summary>Scores of solutions from scores of steps.</summary>
/// <remarks>Lightman et al. 2023 (arXiv 2305.20050), appendix F; Uesato et al. 2022 (arXiv 2211.14275).</remarks>
public static class StepAggregations
{
    /// <summary>The score of a solution.</summary>
    /// <param name="aggregation">How.</param>
    /// <param name="probabilities">Probability that each step is right.</param>
    /// <exception cref="AlidadeException">There are no steps.</exception>
    public static double Of(this StepAggregation aggregation, IReadOnlyList<double> probabilities)
    {
        if (probabilities.Count == 0)
            throw new AlidadeException("a solution without steps has no score");
        return aggregation switch
        {
            StepAggregation.Minimum => probabilities.Min(),
            StepAggregation.Last => probabilities[^1],
            StepAggregation.Mean => probabilities.Average(),
            StepAggregation.GeometricMean => Math.Exp(probabilities.Average(Math.Log)),
            _ => probabilities.Aggregate(1.0, (product, p) => product * p),
        };
    }
}
