using Alidade.Models.Architecture;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>How scores are made of q·k.</summary>
/// <param name="Scale">The factor; 1/√(head size) when null.</param>
/// <param name="Cap">c in c·tanh(score / c), before the mask; null for none.</param>
internal readonly record struct ScoreRule(double? Scale, double? Cap);

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

    /// <summary>Attention of all heads; the mask is added to the scores. Keys stay as few as they are: repeating them for the query heads would cost memory and a twentieth of the time.</summary>
    /// <param name="q">[rows, queries, heads, head size].</param>
    /// <param name="k">[rows, keys, key heads, head size].</param>
    /// <param name="v">[rows, keys, key heads, head size].</param>
    /// <param name="mask">Broadcasts to [rows, heads, queries, keys]; null for none.</param>
    /// <param name="causal">Query i sees keys 0 to i; not together with a mask.</param>
    /// <param name="rule">Scale and soft cap of the scores.</param>
    /// <param name="tape">What is kept for backward; null where the graph keeps what it needs.</param>
    /// <param name="tiles">Says the same as the mask, for passes that keep what backward needs; null where there is a mask alone.</param>
    /// <returns>[rows, queries, heads, head size].</returns>
    public static Tensor Attend(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, ScoreRule rule = default, BlockTape? tape = null, CausalTiles? tiles = null)
    {
        using var scope = NewDisposeScope();
        var (queries, keys, values) = (q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2));
        var attended = tape is not null && rule.Cap is null && Interop.HasFlashAttention(queries, values, mask)
            ? tape.Attended(queries, keys, values, tiles is null ? new MaskedFlashAttention(mask, causal, rule.Scale) : new TiledFlashAttention(tiles, rule.Scale))
            : AttendByHead(queries, keys, values, mask, causal, rule);
        return attended.transpose(1, 2).MoveToOuterDisposeScope();
    }

    /// <summary>The same with the heads in front: [rows, heads, queries or keys, head size]. Fused, unless the scores have a soft cap.</summary>
    public static Tensor AttendByHead(Tensor q, Tensor k, Tensor v, Tensor? mask, bool causal, ScoreRule rule)
    {
        var shared = q.size(1) / k.size(1);
        if (rule.Cap is null)
            return Interop.ScaledDotProductAttention(q, k, v, mask, causal, rule.Scale, enableGqa: shared > 1);
        using var scope = NewDisposeScope();
        if (shared > 1)
            (k, v) = (k.repeat_interleave(shared, 1), v.repeat_interleave(shared, 1));
        if (causal)
            mask = full([q.size(2), k.size(2)], Scalars.MinusInfinity, q.dtype, q.device).triu(1);
        var scores = Scores(q, k, rule);
        return matmul(nn.functional.softmax(mask is null ? scores : scores.Plus(mask), -1), v).MoveToOuterDisposeScope();
    }

    /// <summary>The scores before the mask: scaled, and capped where the model caps them.</summary>
    /// <param name="q">[rows, heads, queries, head size].</param>
    /// <param name="k">[rows, heads, keys, head size].</param>
    /// <param name="rule">Scale and soft cap.</param>
    /// <returns>[rows, heads, queries, keys].</returns>
    public static Tensor Scores(Tensor q, Tensor k, ScoreRule rule)
    {
        using var scope = NewDisposeScope();
        var scores = matmul(q, k.transpose(2, 3)).mul(Scalars.Of(rule.Scale ?? 1 / Math.Sqrt(q.size(3))));
        return (rule.Cap is { } cap ? SoftCap.Apply(scores, cap) : scores).MoveToOuterDisposeScope();
    }
}
