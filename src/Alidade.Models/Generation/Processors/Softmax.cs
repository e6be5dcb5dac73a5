using System.Numerics.Tensors;

namespace Alidade.Models.Generation.Processors;

/// <summary>Sums over a vocabulary. Terms are float32, sums are double: a float32 sum of 50,000 terms would be off by 10⁻⁵.</summary>
internal static class Softmax
{
    private const int Block = 1024;

    /// <summary>log Σ exp xᵢ.</summary>
    public static double LogSumExp(ReadOnlySpan<float> scores)
    {
        var best = TensorPrimitives.Max(scores);
        if (float.IsNegativeInfinity(best))
            return best;
        Span<float> terms = stackalloc float[Block];
        var sum = 0.0;
        for (var start = 0; start < scores.Length; start += Block)
        {
            var part = scores[start..Math.Min(start + Block, scores.Length)];
            var exps = terms[..part.Length];
            TensorPrimitives.Subtract(part, best, exps);
            TensorPrimitives.Exp(exps, exps);
            sum += TensorPrimitives.Sum<float>(exps);
        }

        return best + Math.Log(sum);
    }

    /// <summary>Entropy in nats, −Σ p log p; a score of −∞ adds nothing.</summary>
    /// <param name="scores">[vocabulary].</param>
    /// <param name="logSum">Their <see cref="LogSumExp"/>.</param>
    public static double Entropy(ReadOnlySpan<float> scores, double logSum)
    {
        var entropy = 0.0;
        foreach (var score in scores)
            if (!float.IsNegativeInfinity(score))
                entropy -= Math.Exp(score - logSum) * (score - logSum);
        return entropy;
    }
}
