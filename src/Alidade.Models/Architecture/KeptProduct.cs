using Alidade.Models.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// A product y = xWᵀ + b + s·(xAᵀ)Bᵀ as a node of the graph, given its value: dx = g W + s·(gB)A, and dW = gᵀx, db = Σ g, dA = s·(gB)ᵀx and dB = s·gᵀ(xAᵀ) go straight
/// into the gradients of the weights that collect some, with no copy of them on the way.
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
        var inputs = product.Collects ? Rows(ctx.get_saved_variables()[0]) : null;
        var gradient = rows.mm(product.InputMajor ? product.Weight.t() : product.Weight);
        if (inputs is not null)
        {
            if (product.InputMajor)
                Collect(product.Weight, inputs.t(), rows);
            else
                Collect(product.Weight, rows.t(), inputs);
            if (product.Shift is { requires_grad: true } shift)
                LeafGradient.Add(shift, rows.sum([0L]));
        }

        if (product.Update is { } update)
        {
            var inner = rows.mm(update.B);
            gradient.addmm_(inner, update.A, beta: 1, alpha: (float)update.Scale);
            if (inputs is not null)
            {
                Collect(update.A, inner.t(), inputs, (float)update.Scale);
                Collect(update.B, rows.t(), inputs.mm(update.A.t()), (float)update.Scale);
            }
        }

        return [gradient.view([.. g.shape[..^1], gradient.size(1)]).MoveToOuterDisposeScope(), null!, null!];
    }

    private static Tensor Rows(Tensor x) => x.reshape(-1, x.size(-1));

    private static void Collect(Tensor weight, Tensor left, Tensor right, float factor = 1)
    {
        if (weight.requires_grad)
            LeafGradient.AddProduct(weight, left, right, factor);
    }

    /// <summary>The weights of a product.</summary>
    /// <param name="Weight">[out, in], or [in, out] when <paramref name="InputMajor"/>; a leaf.</param>
    /// <param name="Shift">[out], a leaf; or null.</param>
    /// <param name="InputMajor">How the weight is stored.</param>
    /// <param name="Update">A, B and s of plain LoRA, leaves too; or null.</param>
    internal sealed record Product(Tensor Weight, Tensor? Shift, bool InputMajor, LoraFactors? Update = null)
    {
        /// <summary>True when a weight collects a gradient.</summary>
        public bool Collects => Weight.requires_grad || Shift is { requires_grad: true } || Update is { A.requires_grad: true } or { B.requires_grad: true };

        /// <summary>out.</summary>
        public long Outputs => Weight.size(InputMajor ? 1 : 0);

        /// <summary>y, [.., out]; differentiable.</summary>
        public Tensor Of(Tensor x)
        {
            using var scope = NewDisposeScope();
            var y = nn.functional.linear(x, InputMajor ? Weight.t() : Weight, Shift);
            return (Update?.Updated(y, x) ?? y).MoveToOuterDisposeScope();
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
            var inputs = Rows(x);
            rows.addmm_(inputs, InputMajor ? Weight : Weight.t(), beta: Shift is null ? 0 : 1, alpha: 1);
            if (Update is { } update)
                rows.addmm_(inputs.mm(update.A.t()), update.B.t(), beta: 1, alpha: (float)update.Scale);
            return place;
        }
    }

    // A tensor that is no input of the node.
    private sealed record Box(Tensor Value);
}
