using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>The masked-token head: logits = norm(f(W h + b))·Eᵀ + c, with E the embedding unless the model has an output matrix of its own.</summary>
internal sealed record MaskedHead(Linear Dense, Activation Activation, Norm Norm, Tensor Output, Tensor Bias)
{
    /// <summary>Asks for the head's tensors, under whichever name the file has them.</summary>
    public static MaskedHead Take(OpenedEncoder opened)
    {
        var (c, weights) = (opened.Config, opened.Weights);
        var names = opened.Files.MaskedHead ?? throw opened.NoHead("masked-token head", opened.Files.Names.MaskedHeads[0].Dense + ".weight");
        weights.Take(EncoderTensors.MaskedHead(names, c));
        return new(
            weights.Linear(names.Dense),
            c.Activation,
            weights.Norm(names.Norm, c.NormEpsilon),
            c.TiedHead ? opened.Embedding : weights[names.Output + ".weight"],
            weights[names.Bias]);
    }

    /// <summary>What the output matrix is applied to.</summary>
    /// <param name="hidden">[.., width].</param>
    /// <returns>[.., embedding width].</returns>
    public Tensor Transform(Tensor hidden)
    {
        using var scope = NewDisposeScope();
        return Norm.Apply(Activation.Apply(Dense.Apply(hidden))).MoveToOuterDisposeScope();
    }
}
