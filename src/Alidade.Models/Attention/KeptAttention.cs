using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>Attention as a node of the graph, given its output and the logs of its sums: the gradient needs no second look at all scores.</summary>
/// <remarks>Dao et al. 2022 (arXiv 2205.14135), algorithm 4. Nothing in backward may throw: an exception there ends the process.</remarks>
internal sealed class KeptAttention : autograd.SingleTensorFunction<KeptAttention>
{
    public override string Name => nameof(KeptAttention);

    /// <param name="q">[rows, heads, queries, head size].</param>
    /// <param name="k">[rows, key heads, keys, head size].</param>
    /// <param name="v">[rows, key heads, keys, head size].</param>
    /// <param name="kept">What the forward pass gave; backward disposes it.</param>
    /// <returns>The output, [rows, heads, queries, head size].</returns>
    public static Tensor Of(Tensor q, Tensor k, Tensor v, Kept kept) => apply(q, k, v, kept);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_for_backward([(Tensor)vars[0], (Tensor)vars[1], (Tensor)vars[2]]);
        ctx.save_data("kept", vars[3]);
        return ((Kept)vars[3]).Output.detach();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var g = grad_output;
        using var kept = (Kept)ctx.get_data("kept");
        var saved = ctx.get_saved_variables();
        var (dq, dk, dv) = kept.Rule.Backward(g, saved[0], saved[1], saved[2], kept.Output, kept.LogSums);
        return [dq.MoveToOuterDisposeScope(), dk.MoveToOuterDisposeScope(), dv.MoveToOuterDisposeScope(), null!];
    }

    /// <summary>What the forward pass gave, and how.</summary>
    /// <param name="Output">[rows, heads, queries, head size].</param>
    /// <param name="LogSums">[rows, heads, queries].</param>
    /// <param name="Rule">Who sees whom.</param>
    internal sealed record Kept(Tensor Output, Tensor LogSums, IFlashAttention Rule) : IDisposable
    {
        public void Dispose()
        {
            Output.Dispose();
            LogSums.Dispose();
        }
    }
}
