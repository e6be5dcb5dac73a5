using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// A product y = xWᵀ + b as a node of the graph, given its value: dx = g W, and dW = gᵀx and db = Σ g go straight into the gradients of the weights that collect
/// some, with no copy of them on the way.
/// </summary>
/// <remarks>Nothing in backward may throw: an exception there ends the process.</remarks>
internal sealed class KeptProduct : autograd.SingleTensorFunction<KeptProduct>
{
    public override string Name => nameof(KeptProduct);

    /// <param name="x">[.., in]; it collects a gradient.</param>
    /// <param name="product">The weights.</param>
    /// <param name="value">y, [.., out], without a gradient.</param>
    public static Tensor Of(Tensor x, Product product, Tensor value) => apply(x, product, new Box(value));

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var product = (Product)vars[1];
        if (product.Collects)
            ctx.save_for_backward([(Tensor)vars[0]]);
        ctx.save_data("product", product);
        return ((Box)vars[2]).Value.detach();
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var g = grad_output;
        var product = (Product)ctx.get_data("product");
        var rows = g.reshape(-1, g.size(-1));
        if (product.Collects)
        {
            var x = ctx.get_saved_variables()[0];
            var inputs = x.reshape(-1, x.size(-1));
            if (product.InputMajor)
                Collect(product.Weight, inputs.t(), rows);
            else
                Collect(product.Weight, rows.t(), inputs);
            if (product.Shift is { requires_grad: true } shift)
                LeafGradient.Add(shift, rows.sum([0L]));
        }

        var weight = product.InputMajor ? product.Weight.t() : product.Weight;
        return [g.matmul(weight).MoveToOuterDisposeScope(), null!, null!];
    }

    private static void Collect(Tensor weight, Tensor left, Tensor right)
    {
        if (weight.requires_grad)
            LeafGradient.AddProduct(weight, left, right);
    }

    /// <summary>The weights of a product.</summary>
    /// <param name="Weight">[out, in], or [in, out] when <paramref name="InputMajor"/>; a leaf.</param>
    /// <param name="Shift">[out], a leaf; or null.</param>
    /// <param name="InputMajor">How the weight is stored.</param>
    internal sealed record Product(Tensor Weight, Tensor? Shift, bool InputMajor)
    {
        /// <summary>True when a weight collects a gradient.</summary>
        public bool Collects => Weight.requires_grad || Shift is { requires_grad: true };

        /// <summary>out.</summary>
        public long Outputs => Weight.size(InputMajor ? 1 : 0);

        /// <summary>y, [.., out].</summary>
        public Tensor Of(Tensor x)
        {
            using var transposed = InputMajor ? Weight.t() : null;
            return nn.functional.linear(x, transposed ?? Weight, Shift);
        }

        /// <summary>y, put into memory that is there already.</summary>
        /// <param name="place">[.., out], in one piece; its numbers are replaced.</param>
        /// <param name="x">[.., in].</param>
        public Tensor Into(Tensor place, Tensor x)
        {
            using var scope = NewDisposeScope();
            var rows = place.view(-1, Outputs);
            if (Shift is not null)
                rows.copy_(Shift);
            rows.addmm_(x.reshape(-1, x.size(-1)), InputMajor ? Weight : Weight.t(), beta: Shift is null ? 0 : 1, alpha: 1);
            return place;
        }
    }

    // A tensor that is no input of the node.
    private sealed record Box(Tensor Value);
}
