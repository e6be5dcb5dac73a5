using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Alidade.Models.Steps;

/// <summary>Attention of the query heads that share one key head, for one new token: softmax(s·qkᵀ)·v over the keys that it sees.</summary>
internal static unsafe class CachedHead
{
    /// <param name="queries">[heads, size], turned; used up.</param>
    /// <param name="keys">[seen, size].</param>
    /// <param name="values">[seen, size].</param>
    /// <param name="heads">Query heads.</param>
    /// <param name="size">Size of a head, a multiple of 8.</param>
    /// <param name="seen">Keys, the new token's own last.</param>
    /// <param name="scale">s.</param>
    /// <param name="cap">c in score ← c·tanh(score / c); 0 for none.</param>
    /// <param name="scores">Room for seen numbers.</param>
    /// <param name="output">[heads, size].</param>
    public static void Attend(float* queries, float* keys, float* values, int heads, int size, int seen, float scale, float cap, Span<float> scores, float* output)
    {
        scores = scores[..seen];
        for (var head = 0; head < heads; head++, queries += size, output += size)
        {
            Scores(queries, keys, size, scores);
            TensorPrimitives.Multiply(scores, scale, scores);
            if (cap > 0)
            {
                TensorPrimitives.Divide(scores, cap, scores);
                TensorPrimitives.Tanh<float>(scores, scores);
                TensorPrimitives.Multiply(scores, cap, scores);
            }

            TensorPrimitives.Subtract(scores, TensorPrimitives.Max<float>(scores), scores);
            TensorPrimitives.Exp<float>(scores, scores);
            Weighted(scores, values, size, output);
            var total = new Span<float>(output, size);
            TensorPrimitives.Multiply(total, 1 / TensorPrimitives.Sum<float>(scores), total);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Scores(float* query, float* keys, int size, Span<float> scores)
    {
        for (var i = 0; i < scores.Length; i++, keys += size)
        {
            var sum = Vector256<float>.Zero;
            for (var d = 0; d < size; d += 8)
                sum = Vector256.FusedMultiplyAdd(Vector256.Load(query + d), Vector256.Load(keys + d), sum);
            scores[i] = Vector256.Sum(sum);
        }
    }

    // Four dimension groups at a time stay in registers.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weighted(ReadOnlySpan<float> weights, float* values, int size, float* output)
    {
        var d = 0;
        for (; d + 32 <= size; d += 32)
        {
            var (a, b, c, e) = (Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero, Vector256<float>.Zero);
            var value = values + d;
            for (var i = 0; i < weights.Length; i++, value += size)
            {
                var weight = Vector256.Create(weights[i]);
                a = Vector256.FusedMultiplyAdd(weight, Vector256.Load(value), a);
                b = Vector256.FusedMultiplyAdd(weight, Vector256.Load(value + 8), b);
                c = Vector256.FusedMultiplyAdd(weight, Vector256.Load(value + 16), c);
                e = Vector256.FusedMultiplyAdd(weight, Vector256.Load(value + 24), e);
            }

            a.Store(output + d);
            b.Store(output + d + 8);
            c.Store(output + d + 16);
            e.Store(output + d + 24);
        }

        for (; d < size; d += 8)
        {
            var sum = Vector256<float>.Zero;
            var value = values + d;
            for (var i = 0; i < weights.Length; i++, value += size)
                sum = Vector256.FusedMultiplyAdd(Vector256.Create(weights[i]), Vector256.Load(value), sum);
            sum.Store(output + d);
        }
    }
}
