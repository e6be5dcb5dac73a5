using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// Root-mean-square normalisation as a node of the graph: y = r·x∘w with r = 1/√(mean x² + ε), dx = r·h − (r³/n)·⟨x, h⟩·x with h = g∘w, and dw = Σ r·g∘x.
/// The graph of its steps walks over the numbers more often.
/// </summary>
/// <remarks>Zhang and Sennrich 2019 (arXiv 1910.07467), eq. 4. Nothing in backward may throw: an exception there ends the process.</remarks>
internal sealed class RmsNormalized : autograd.SingleTensorFunction<RmsNormalized>
{
    public override string Name => nameof(RmsNormalized);

    /// <param name="x">[.., width].</param>
    /// <param name="gain">w, [width]; null for none.</param>
    /// <param name="epsilon">ε.</param>
    /// <returns>[.., width].</returns>
    public static Tensor Of(Tensor x, Tensor? gain, double epsilon) => gain is null ? apply(x, epsilon) : apply(x, epsilon, gain);

    /// <summary>r, [.., 1].</summary>
    public static Tensor Inverse(Tensor x, double epsilon)
    {
        using var scope = NewDisposeScope();
        return x.pow(Scalars.Of(2L)).mean([-1], keepdim: true).add_(Scalars.Of(epsilon), Scalars.One).rsqrt().MoveToOuterDisposeScope();
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        using var scope = NewDisposeScope();
        var x = (Tensor)vars[0];
        var inverse = Inverse(x, (double)vars[1]).DetachFromDisposeScope();
        ctx.save_data("inverse", new Box(inverse));
        var y = x.mul(inverse);
        if (vars.Length == 2)
        {
            ctx.save_for_backward([x]);
            return y.MoveToOuterDisposeScope();
        }

        var gain = (Tensor)vars[2];
        ctx.save_for_backward([x, gain]);
        return y.mul(gain).MoveToOuterDisposeScope();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var g = grad_output;
        using var inverse = ((Box)ctx.get_data("inverse")).Value;
        var saved = ctx.get_saved_variables();
        var (x, width) = (saved[0], saved[0].size(-1));
        var both = g.mul(x);
        if (saved.Count == 1)
            return [Input(g.clone(), both.sum([-1], keepdim: true)).MoveToOuterDisposeScope(), null!];
        var gain = saved[1];
        var ofGain = gain.requires_grad ? both.reshape(-1, width).t().mv(inverse.reshape(-1)).MoveToOuterDisposeScope() : null!;
        return [Input(g.mul(gain), both.matmul(gain).unsqueeze(-1)).MoveToOuterDisposeScope(), null!, ofGain];

        // From h, which is used up, and ⟨x, h⟩.
        Tensor Input(Tensor h, Tensor product) =>
            h.mul_(inverse).addcmul_(x, product.mul_(inverse.pow(Scalars.Of(3L))).mul_(Scalars.Of(-1.0 / width)), Scalars.One);
    }

    // A tensor that is neither input nor output of the node.
    private sealed record Box(Tensor Value);
}
