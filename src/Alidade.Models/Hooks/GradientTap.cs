using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Hooks;

/// <summary>The identity, whose backward shows the gradient of the loss with respect to its value to the gradient hooks of a point.</summary>
/// <remarks>Nothing in its backward may throw: an exception there ends the process. <see cref="ModelHooks.AtGradient"/> keeps a hook's exception for later.</remarks>
internal sealed class GradientTap : autograd.SingleTensorFunction<GradientTap>
{
    public override string Name => nameof(GradientTap);

    /// <param name="value">The value at the point. Where nothing before it asks for a gradient, the graph begins here.</param>
    /// <param name="hooks">The model's hooks.</param>
    /// <param name="name">Name of the point.</param>
    public static Tensor At(Tensor value, ModelHooks hooks, string name)
    {
        using var start = value.requires_grad ? value.alias() : value.detach().requires_grad_();
        return apply(start, hooks, name);
    }

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        ctx.save_data("hooks", vars[1]);
        ctx.save_data("name", vars[2]);
        return ((Tensor)vars[0]).clone();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var gradient = grad_output;
        using var noGrad = no_grad();
        return [((ModelHooks)ctx.get_data("hooks")).AtGradient((string)ctx.get_data("name"), gradient.alias()).MoveToOuterDisposeScope(), null!, null!];
    }
}
