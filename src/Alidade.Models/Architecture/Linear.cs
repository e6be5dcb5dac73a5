using Alidade.Models.Quantized;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A projection y = xWᵀ + b, with the update of the adapter in use.</summary>
/// <param name="name">Name of the module in the family's files, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="weight">[out, in], or [in, out] when <paramref name="inputMajor"/>.</param>
/// <param name="bias">[out], or null.</param>
/// <param name="inputMajor">How the family stores the weight.</param>
internal sealed class Linear(string name, WeightSlot weight, WeightSlot? bias, bool inputMajor) : AdaptableModule(name, weight, inputMajor)
{
    /// <summary>The bias, or null.</summary>
    public Tensor? Bias => bias?.Value;

    /// <param name="x">[.., in].</param>
    /// <param name="tape">Where the product with the weight is kept for backward; null where the graph keeps what it needs.</param>
    /// <returns>[.., out].</returns>
    public Tensor Apply(Tensor x, BlockTape? tape = null)
    {
        if (IsPlain)
            return Kept(Product, x, tape);
        using var scope = NewDisposeScope();
        var isDora = Update is { Magnitude: not null };
        // Under DoRA the factor of each output is on the product alone.
        var shift = isDora ? null : Bias;
        var y = Packed is { } packed ? PackedLinear.Apply(x, packed, shift) : Kept(new(Weight, shift, InputMajor), x, tape);
        y = Update?.Updated(y, x) ?? y;
        if (isDora)
            y = y * Update!.OutputFactor(Weight, InputMajor);
        return (isDora && Bias is { } after ? y + after : y).MoveToOuterDisposeScope();
    }

    /// <summary>The same for projections of one input, which a tape keeps together.</summary>
    /// <param name="x">[.., in].</param>
    /// <param name="tape">Where the products are kept for backward; null where the graph keeps what it needs.</param>
    /// <param name="linears">The projections.</param>
    /// <returns>[.., out] of each.</returns>
    public static IReadOnlyList<Tensor> Apply(Tensor x, BlockTape? tape, params IReadOnlyList<Linear> linears) =>
        tape is not null && linears.All(l => l.IsPlain) ? tape.Products(x, [.. linears.Select(l => l.Product)]) : [.. linears.Select(l => l.Apply(x, tape))];

    /// <summary>The updated weight as [in, out].</summary>
    public Tensor InputMajorWeight()
    {
        using var scope = NewDisposeScope();
        var weight = UpdatedWeight();
        return (InputMajor ? weight : weight.t()).contiguous().MoveToOuterDisposeScope();
    }

    // No more than a product with its update.
    private bool IsPlain => Packed is null && Update is not { Magnitude: not null };

    private KeptProducts.Product Product => new(Weight, Bias, InputMajor, Update);

    private static Tensor Kept(KeptProducts.Product product, Tensor x, BlockTape? tape) => tape?.Products(x, [product])[0] ?? product.Of(x);
}
