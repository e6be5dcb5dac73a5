using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>What all kinds of attention share.</summary>
internal static class Heads
{
    /// <summary>Repeats each key head for the query heads that share it.</summary>
    /// <param name="x">[rows, positions, key heads, head size].</param>
    /// <param name="times">Query heads for one key head.</param>
    /// <returns>[rows, positions, heads, head size].</returns>
    public static Tensor Repeat(Tensor x, int times)
    {
        if (times == 1)
            return x.alias();
        using var scope = NewDisposeScope();
        return x.unsqueeze(3).expand(x.size(0), x.size(1), x.size(2), times, x.size(3))
            .reshape(x.size(0), x.size(1), x.size(2) * times, x.size(3)).MoveToOuterDisposeScope();
    }

    /// <summary>Fused attention; the mask is added to the scores. Keys stay as few as they are: repeating them for the query heads would cost memory and a twentieth of the time.</summary>
    /// <param name="q">[rows, queries, heads, head size].</param>
    /// <param name="k">[rows, keys, key heads, head size].</param>
    /// <param name="v">[rows, keys, key heads, head size].</param>
    /// <param name="mask">Broadcasts to [rows, heads, queries, keys]; null for none.</param>
    /// <param name="causal">Query i sees keys 0 to i.</param>
    /// <returns>[rows, queries, heads, head size].</returns>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal)
    {
        using var scope = NewDisposeScope();
        return Interop.ScaledDotProductAttention(q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2), mask, causal, enableGqa: q.size(2) != k.size(2))
            .transpose(1, 2).MoveToOuterDisposeScope();
    }
}
