using Alidade.Models.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A projection y = xWᵀ + b, with the low-rank update of the adapter in use: y += s · (xAᵀ)Bᵀ.</summary>
/// <param name="module">Name of the module in the family's files, such as <c>model.layers.0.self_attn.q_proj</c>.</param>
/// <param name="weight">[out, in], or [in, out] when <paramref name="inputMajor"/>.</param>
/// <param name="bias">[out], or null.</param>
/// <param name="inputMajor">How the family stores the weight.</param>
internal sealed class Linear(string module, Tensor weight, Tensor? bias, bool inputMajor)
{
    /// <summary>Name of the module.</summary>
    public string Module => module;

    /// <summary>The weight as the family stores it.</summary>
    public Tensor Weight => weight;

    /// <summary>The bias, or null.</summary>
    public Tensor? Bias => bias;

    /// <summary>True when the weight is stored as [in, out].</summary>
    public bool InputMajor => inputMajor;

    /// <summary>Size of the input.</summary>
    public long Inputs => weight.size(inputMajor ? 0 : 1);

    /// <summary>Size of the output.</summary>
    public long Outputs => weight.size(inputMajor ? 1 : 0);

    /// <summary>The update of the adapter in use; null for none.</summary>
    public LoraFactors? Update { get; set; }

    /// <param name="x">[.., in].</param>
    /// <returns>[.., out].</returns>
    public Tensor Apply(Tensor x)
    {
        using var transposed = inputMajor ? weight.t() : null;
        var y = nn.functional.linear(x, transposed ?? weight, bias);
        if (Update is not { } update)
            return y;
        using var inner = nn.functional.linear(x, update.A);
        using var innerRows = inner.view(-1, inner.size(-1));
        using var rows = y.view(-1, y.size(-1));
        using var b = update.B.t();
        using var sum = addmm(rows, innerRows, b, 1f, (float)update.Scale);
        var result = sum.view_as(y);
        y.Dispose();
        return result;
    }

    /// <summary>The weight as [in, out] with the adapter's update in it.</summary>
    public Tensor InputMajorWeight()
    {
        using var scope = NewDisposeScope();
        var plain = inputMajor ? weight.alias() : weight.t();
        if (Update is not { } update)
            return plain.contiguous().MoveToOuterDisposeScope();
        return (plain + (matmul(update.A.t(), update.B.t()) * update.Scale)).MoveToOuterDisposeScope();
    }
}
