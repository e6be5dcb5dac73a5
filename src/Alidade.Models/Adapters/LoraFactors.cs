using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>
/// What an adapter does to one module's weight W. LoRA (Hu et al. 2021, arXiv 2106.09685): W' = V with V = W + s·BA. DoRA (Liu et al. 2024,
/// arXiv 2402.09353, eq. 5): W' = m ⊙ V / ‖V‖, the norm of each output's row of V.
/// </summary>
/// <remarks>For an embedding <c>in</c> is the vocabulary. DoRA's norm counts as a constant in backward (section 4.3), as in PEFT.</remarks>
/// <param name="A">[rank, in].</param>
/// <param name="B">[out, rank].</param>
/// <param name="Scale">s.</param>
/// <param name="Magnitude">m, [out]; null for plain LoRA.</param>
public sealed record LoraFactors(Tensor A, Tensor B, double Scale, Tensor? Magnitude = null) : IDisposable
{
    /// <summary>True where the module is an embedding; only the names in PEFT's files differ.</summary>
    public bool OfEmbedding { get; init; }

    /// <summary>Columns of B.</summary>
    internal long Rank => A.size(0);

    /// <inheritdoc/>
    public void Dispose()
    {
        A.Dispose();
        B.Dispose();
        Magnitude?.Dispose();
    }

    /// <summary>y + s·(xAᵀ)Bᵀ in one product.</summary>
    /// <param name="y">[rows, out].</param>
    /// <param name="inner">xAᵀ, [rows, rank].</param>
    internal Tensor Add(Tensor y, Tensor inner)
    {
        using var b = B.t();
        return addmm(y, inner, b, 1f, (float)Scale);
    }

    /// <summary>The same from the input: y + s·(xAᵀ)Bᵀ.</summary>
    /// <param name="y">[.., out].</param>
    /// <param name="x">[.., in].</param>
    internal Tensor Updated(Tensor y, Tensor x)
    {
        using var scope = NewDisposeScope();
        var inner = nn.functional.linear(x, A);
        return Add(y.view(-1, y.size(-1)), inner.view(-1, inner.size(-1))).view_as(y).MoveToOuterDisposeScope();
    }

    /// <summary>m / ‖V‖, [out].</summary>
    /// <param name="weight">W as stored.</param>
    /// <param name="inputMajor">True when that is [in, out].</param>
    internal Tensor OutputFactor(Tensor weight, bool inputMajor)
    {
        using var scope = NewDisposeScope();
        using (no_grad())
            weight = Sum(weight, inputMajor).norm(inputMajor ? 0 : 1);
        return (Magnitude! / weight).MoveToOuterDisposeScope();
    }

    /// <summary>W', as W is stored; differentiable.</summary>
    /// <param name="weight">W as stored.</param>
    /// <param name="inputMajor">True when that is [in, out].</param>
    internal Tensor Merge(Tensor weight, bool inputMajor)
    {
        using var scope = NewDisposeScope();
        var sum = Sum(weight, inputMajor);
        if (Magnitude is null)
            return sum.MoveToOuterDisposeScope();
        var factor = OutputFactor(weight, inputMajor);
        return (sum * (inputMajor ? factor : factor.unsqueeze(1))).MoveToOuterDisposeScope();
    }

    // V.
    private Tensor Sum(Tensor weight, bool inputMajor)
    {
        using var scope = NewDisposeScope();
        return (inputMajor ? addmm(weight, A.t(), B.t(), 1f, (float)Scale) : addmm(weight, B, A, 1f, (float)Scale)).MoveToOuterDisposeScope();
    }
}
