using System.Numerics.Tensors;
using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models.Generation.Processors;

namespace Alidade.Models.Generation;

/// <summary>Picks a token from scores.</summary>
public static class TokenDraw
{
    private const int Block = 256;

    /// <summary>The best token, the smallest id where several tie.</summary>
    /// <param name="scores">[vocabulary].</param>
    /// <exception cref="AlidadeException">No token is allowed, or the scores are no numbers.</exception>
    public static int Best(ReadOnlySpan<float> scores)
    {
        var best = TensorPrimitives.IndexOfMax(scores);
        Check(scores[best]);
        return best;
    }

    /// <summary>Draws by the inverse of the cumulative distribution, tokens in the order of their ids: one number of <paramref name="random"/>, one token.</summary>
    /// <param name="scores">[vocabulary]; used up.</param>
    /// <param name="random">The row's own.</param>
    /// <param name="logProb">log p of the token in nats.</param>
    /// <exception cref="AlidadeException">No token is allowed, or the scores are no numbers.</exception>
    public static int Sample(Span<float> scores, SeededRandom random, out double logProb)
    {
        var best = TensorPrimitives.Max((ReadOnlySpan<float>)scores);
        Check(best);
        TensorPrimitives.Subtract(scores, best, scores);
        TensorPrimitives.Exp(scores, scores);
        var blocks = (scores.Length + Block - 1) / Block;
        Span<double> sums = blocks <= 1024 ? stackalloc double[blocks] : new double[blocks];
        var total = 0.0;
        for (var b = 0; b < blocks; b++)
            total += sums[b] = TensorPrimitives.Sum<float>(BlockOf(scores, b));
        var point = random.NextDouble() * total;
        var block = 0;
        while (block < blocks - 1 && point >= sums[block])
            point -= sums[block++];
        // Rounding may leave the point just behind a block's last token; then the next token with any probability is taken.
        var chosen = -1;
        for (var id = block * Block; id < scores.Length && (chosen < 0 || point >= 0); id++)
        {
            if (scores[id] == 0)
                continue;
            chosen = id;
            point -= scores[id];
        }

        chosen = chosen >= 0 ? chosen : TensorPrimitives.IndexOfMax((ReadOnlySpan<float>)scores);
        logProb = Math.Log(scores[chosen]) - Math.Log(total);
        return chosen;
    }

    private static ReadOnlySpan<float> BlockOf(ReadOnlySpan<float> values, int block) => values[(block * Block)..Math.Min((block + 1) * Block, values.Length)];

    private static void Check(float best)
    {
        if (float.IsNegativeInfinity(best))
            throw new AlidadeException("no token is left to choose: the constraint, the banned tokens and the minimum length exclude each other");
        if (!float.IsFinite(best))
            throw new AlidadeException($"the model's scores are no numbers ({best}); its weights or the number type overflow");
    }
}
