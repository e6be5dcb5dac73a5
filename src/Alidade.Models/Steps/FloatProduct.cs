using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Alidade.Models.Steps;

/// <summary>
/// Y = XWᵀ of a few rows in float32. Such a product takes as long as reading W from memory, so every number of W is read once for four rows at a time, two outputs side
/// by side, straight through.
/// </summary>
internal static unsafe class FloatProduct
{
    private const int RowsAtOnce = 4;
    private const long RowsAhead = 4;

    /// <param name="weight">W, [outputs, inputs].</param>
    /// <param name="inputs">Numbers of a row of W and of X.</param>
    /// <param name="x">X, [rows, inputs].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="y">Y; the first row's outputs.</param>
    /// <param name="stride">Numbers from one row of Y to the next.</param>
    /// <param name="from">First output.</param>
    /// <param name="to">Output after the last.</param>
    public static void Run(float* weight, int inputs, float* x, int rows, float* y, int stride, int from, int to)
    {
        var sums = stackalloc float[2 * RowsAtOnce];
        for (var output = from; output < to; output += 2)
        {
            var first = weight + ((long)output * inputs);
            // The last of an odd number stands twice.
            var second = output + 1 < to ? first + inputs : first;
            for (var row = 0; row < rows; row += RowsAtOnce)
            {
                Block(first, second, inputs, x + ((long)row * inputs), rows - row, sums);
                for (var i = 0; i < Math.Min(RowsAtOnce, rows - row); i++)
                {
                    var at = y + ((long)(row + i) * stride) + output;
                    at[0] = sums[i];
                    if (output + 1 < to)
                        at[1] = sums[RowsAtOnce + i];
                }
            }
        }
    }

    // Rows that are missing are computed as the first one once more.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Block(float* first, float* second, int inputs, float* x, int rows, float* sums)
    {
        float* x0 = x, x1 = rows > 1 ? x + inputs : x, x2 = rows > 2 ? x + (2L * inputs) : x, x3 = rows > 3 ? x + (3L * inputs) : x;
        var (a0, a1, a2, a3) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var (b0, b1, b2, b3) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var i = 0;
        for (; i + Vector<float>.Count <= inputs; i += Vector<float>.Count)
        {
            // The rows of the next but one call: the processor's own prefetching stops at every page, and waiting for memory is most of the time. No harm behind the end.
            if (Sse.IsSupported)
            {
                Sse.Prefetch0(first + i + (RowsAhead * inputs));
                Sse.Prefetch0(second + i + (RowsAhead * inputs));
            }

            var (v, w) = (Vector.Load(first + i), Vector.Load(second + i));
            var part = Vector.Load(x0 + i);
            (a0, b0) = (Vector.FusedMultiplyAdd(v, part, a0), Vector.FusedMultiplyAdd(w, part, b0));
            part = Vector.Load(x1 + i);
            (a1, b1) = (Vector.FusedMultiplyAdd(v, part, a1), Vector.FusedMultiplyAdd(w, part, b1));
            part = Vector.Load(x2 + i);
            (a2, b2) = (Vector.FusedMultiplyAdd(v, part, a2), Vector.FusedMultiplyAdd(w, part, b2));
            part = Vector.Load(x3 + i);
            (a3, b3) = (Vector.FusedMultiplyAdd(v, part, a3), Vector.FusedMultiplyAdd(w, part, b3));
        }

        (sums[0], sums[1], sums[2], sums[3]) = (Vector.Sum(a0), Vector.Sum(a1), Vector.Sum(a2), Vector.Sum(a3));
        (sums[4], sums[5], sums[6], sums[7]) = (Vector.Sum(b0), Vector.Sum(b1), Vector.Sum(b2), Vector.Sum(b3));
        for (; i < inputs; i++)
        {
            (sums[0], sums[1], sums[2], sums[3]) = (sums[0] + (first[i] * x0[i]), sums[1] + (first[i] * x1[i]), sums[2] + (first[i] * x2[i]), sums[3] + (first[i] * x3[i]));
            (sums[4], sums[5], sums[6], sums[7]) = (sums[4] + (second[i] * x0[i]), sums[5] + (second[i] * x1[i]), sums[6] + (second[i] * x2[i]), sums[7] + (second[i] * x3[i]));
        }
    }
}
