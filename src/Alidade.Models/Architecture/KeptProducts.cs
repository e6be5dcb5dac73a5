using Alidade.Models.Adapters;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// Products of one input, yᵢ = xWᵢᵀ + bᵢ + sᵢ·(xAᵢᵀ)Bᵢᵀ, as one node of the graph, given their values: dx = Σ gᵢWᵢ + uᵢAᵢ with uᵢ = sᵢ·gᵢBᵢ in one sum, and dWᵢ = gᵢᵀx, dbᵢ = Σ gᵢ,
/// dAᵢ = uᵢᵀx and dBᵢ = sᵢ·gᵢᵀ(xAᵢᵀ) go straight into the gradients of the weights that collect some, with no copy of them on the way.
/// </summary>
/// <remarks>Nothing in backward may throw: an exception there ends the process.</remarks>
internal sealed class KeptProducts : autograd.MultiTensorFunction<KeptProducts>
{
    public override string Name => nameof(KeptProducts);

    /// <param name="x">[.., in]; it collects a gradient.</param>
    /// <param name="products">The weights.</param>
    /// <param name="values">y of each, and xAᵀ; they are the node's from now on.</param>
    /// <returns>y of each.</returns>
    public static IReadOnlyList<Tensor> Of(Tensor x, IReadOnlyList<Product> products, Values values) => apply(x, products, values);

    /// <summary>Computes products of one input; no gradient.</summary>
    /// <param name="x">[.., in].</param>
    /// <param name="products">The weights.</param>
    /// <param name="place">Makes a tensor of a shape, in one piece; its numbers are replaced.</param>
    public static Values Compute(Tensor x, IReadOnlyList<Product> products, Func<long[], Tensor> place)
    {
        using var scope = NewDisposeScope();
        var inputs = Rows(x);
        Tensor? inner = null;
        if (Down(products) is { } down)
            inner = place([inputs.size(0), down.size(0)]).addmm_(inputs, down.t(), beta: 0, alpha: 1);
        var outputs = new Tensor[products.Count];
        for (var (i, at) = (0, 0L); i < outputs.Length; i++)
        {
            var product = products[i];
            outputs[i] = product.Into(place([.. x.shape[..^1], product.Outputs]), inputs).DetachFromDisposeScope();
            if (product.Update is { } update)
                outputs[i].view(-1, product.Outputs).addmm_(inner!.narrow(1, at, update.Rank), update.B.t(), beta: 1, alpha: (float)update.Scale);
            at += product.Rank;
        }

        return new(outputs, inner?.DetachFromDisposeScope());
    }

    public override List<Tensor> forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (x, products, values) = ((Tensor)vars[0], (IReadOnlyList<Product>)vars[1], (Values)vars[2]);
        if (products.Any(p => p.Collects))
            ctx.save_for_backward([x]);
        ctx.save_data("products", products);
        ctx.save_data("values", values);
        List<Tensor> outputs = [];
        for (var i = 0; i < products.Count; i++)
        {
            // Nobody reads a value that is not there; its shape is enough.
            using var y = values.Outputs[i] ?? zeros(1, x.dtype, x.device).expand([.. x.shape[..^1], products[i].Outputs]);
            outputs.Add(y.detach());
        }

        return outputs;
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, List<Tensor> grad_outputs)
    {
        using var scope = NewDisposeScope();
        var products = (IReadOnlyList<Product>)ctx.get_data("products");
        using var inner = ((Values)ctx.get_data("values")).Inner;
        long[] shape = [.. grad_outputs[0].shape[..^1], -1];
        var inputs = products.Any(p => p.Collects) ? Rows(ctx.get_saved_variables()[0]) : null;
        var ranks = products.Sum(p => p.Rank);
        var (gradient, up) = ((Tensor?)null, (Tensor?)null);
        for (var (i, at) = (0, 0L); i < products.Count; i++)
        {
            using var g = grad_outputs[i];
            var (product, rows) = (products[i], Rows(g));
            var weight = product.InputMajor ? product.Weight.t() : product.Weight;
            gradient = gradient?.addmm_(rows, weight, beta: 1, alpha: 1) ?? rows.mm(weight);
            if (inputs is not null)
                product.Collect(rows, inputs);
            if (product.Update is not { } update)
                continue;
            up ??= empty([rows.size(0), ranks], rows.dtype, rows.device);
            up.narrow(1, at, update.Rank).addmm_(rows, update.B, beta: 0, alpha: (float)update.Scale);
            if (update.B.requires_grad)
                LeafGradient.AddProduct(update.B, rows.t(), inner!.narrow(1, at, update.Rank), (float)update.Scale);
            at += update.Rank;
        }

        if (up is not null)
        {
            gradient!.addmm_(up, Down(products)!, beta: 1, alpha: 1);
            if (products.Any(p => p.Update is { A.requires_grad: true }))
                CollectDown(products, up.t().mm(inputs!));
        }

        return [gradient!.view(shape).MoveToOuterDisposeScope(), null!, null!];
    }

    private static Tensor Rows(Tensor x) => x.reshape(-1, x.size(-1));

    // All A, one below the other: [ranks, in]; null for none.
    private static Tensor? Down(IReadOnlyList<Product> products)
    {
        Tensor[] all = [.. products.Select(p => p.Update?.A).OfType<Tensor>()];
        return all.Length > 1 ? cat(all) : all.FirstOrDefault()?.alias();
    }

    private static void CollectDown(IReadOnlyList<Product> products, Tensor gradients)
    {
        var at = 0L;
        foreach (var update in products.Select(p => p.Update).OfType<LoraFactors>())
        {
            if (update.A.requires_grad)
                LeafGradient.Add(update.A, gradients.narrow(0, at, update.Rank));
            at += update.Rank;
        }
    }

    /// <summary>The values of products.</summary>
    /// <param name="Outputs">y of each, [.., out]; null where nobody reads it again.</param>
    /// <param name="Inner">xAᵀ of all that have an update, side by side: [rows, ranks]; null for none.</param>
    internal sealed record Values(Tensor?[] Outputs, Tensor? Inner) : IDisposable
    {
        /// <summary>y of each, the caller's own.</summary>
        public IReadOnlyList<Tensor> Aliases() => [.. Outputs.Select(y => y!.alias())];

        /// <summary>Lets the last y go.</summary>
        public void Forget()
        {
            Outputs[^1]?.Dispose();
            Outputs[^1] = null;
        }

        public void Dispose()
        {
            foreach (var output in Outputs)
                output?.Dispose();
            Inner?.Dispose();
        }
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

        /// <summary>Rank of the update; 0 for none.</summary>
        public long Rank => Update?.Rank ?? 0;

        /// <summary>y, [.., out]; differentiable.</summary>
        public Tensor Of(Tensor x)
        {
            using var scope = NewDisposeScope();
            var y = nn.functional.linear(x, InputMajor ? Weight.t() : Weight, Shift);
            return (Update?.Updated(y, x) ?? y).MoveToOuterDisposeScope();
        }

        /// <summary>xWᵀ + b, put into memory that is there already.</summary>
        /// <param name="place">[.., out], in one piece; its numbers are replaced.</param>
        /// <param name="rows">[rows, in].</param>
        public Tensor Into(Tensor place, Tensor rows)
        {
            using var scope = NewDisposeScope();
            var y = place.view(-1, Outputs);
            if (Shift is not null)
                y.copy_(Shift);
            y.addmm_(rows, InputMajor ? Weight : Weight.t(), beta: Shift is null ? 0 : 1, alpha: 1);
            return place;
        }

        /// <summary>Adds to the gradients of weight and shift.</summary>
        /// <param name="g">The gradient of y, [rows, out].</param>
        /// <param name="rows">x, [rows, in].</param>
        public void Collect(Tensor g, Tensor rows)
        {
            if (Weight.requires_grad && InputMajor)
                LeafGradient.AddProduct(Weight, rows.t(), g);
            else if (Weight.requires_grad)
                LeafGradient.AddProduct(Weight, g.t(), rows);
            if (Shift is { requires_grad: true } shift)
                LeafGradient.Add(shift, g.sum([0L]));
        }
    }
}
