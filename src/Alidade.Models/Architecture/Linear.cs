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
        var isDora = Update is { Magnitude: not null };
        if (Packed is null && !isDora)
            return Kept(new(Weight, Bias, InputMajor, Update), x, tape);
        using var scope = NewDisposeScope();
        // Under DoRA the factor of each output is on the product alone.
        var shift = isDora ? null : Bias;
        var y = Packed is { } packed ? PackedLinear.Apply(x, packed, shift) : Kept(new(Weight, shift, InputMajor), x, tape);
        y = Update?.Updated(y, x) ?? y;
        if (isDora)
            y = y * Update!.OutputFactor(Weight, InputMajor);
        return (isDora && Bias is { } after ? y + after : y).MoveToOuterDisposeScope();
    }

    /// <summary>The updated weight as [in, out].</summary>
    public Tensor InputMajorWeight()
    {
        using var scope = NewDisposeScope();
        var weight = UpdatedWeight();
        return (InputMajor ? weight : weight.t()).contiguous().MoveToOuterDisposeScope();
    }

    private static Tensor Kept(KeptProduct.Product product, Tensor x, BlockTape? tape) => tape?.Product(x, product) ?? product.Of(x);
}
