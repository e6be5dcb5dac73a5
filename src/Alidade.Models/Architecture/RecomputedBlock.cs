using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// A block whose activations are not kept: only its input is, and backward runs the block again (activation checkpointing). A third more work, and the memory of one
/// block instead of all.
/// </summary>
/// <remarks>
/// Chen et al. 2016 (arXiv 1604.06174), with every block a segment. The block has no random numbers, so both runs are the same. Nothing in backward may throw: an exception
/// there ends the process; the block has run before with the same shapes.
/// </remarks>
internal sealed class RecomputedBlock : autograd.SingleTensorFunction<RecomputedBlock>
{
    public override string Name => nameof(RecomputedBlock);

    /// <param name="x">Input of the block, [rows, positions, width].</param>
    /// <param name="block">The block; it is run again in backward, with a gradient.</param>
    /// <param name="atTheEnd">Called when its backward is done.</param>
    public static Tensor Of(Tensor x, Func<Tensor, Tensor> block, Action atTheEnd)
    {
        // The weights inside are no inputs of this node: where nothing before it asks for a gradient, the graph begins here.
        using var start = x.requires_grad ? x.alias() : x.detach().requires_grad_();
        return apply(start, block, atTheEnd);
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, block) = ((Tensor)vars[0], (Func<Tensor, Tensor>)vars[1]);
        ctx.save_for_backward([x]);
        ctx.save_data("block", block);
        ctx.save_data("end", vars[2]);
        using var noGrad = no_grad();
        return block(x);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var gradient = grad_output;
        using (enable_grad())
        {
            var input = ctx.get_saved_variables()[0].detach().requires_grad_();
            var output = ((Func<Tensor, Tensor>)ctx.get_data("block"))(input);
            // Gradients of weights add up where they are.
            output.backward([gradient]);
            ((Action)ctx.get_data("end"))();
            return [input.grad!.MoveToOuterDisposeScope(), null!, null!];
        }
    }
}
