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
        var names = opened.Names.MaskedHeads.FirstOrDefault(n => weights.Has(n.Dense + ".weight"))
            ?? throw opened.NoHead("masked-token head", opened.Names.MaskedHeads[0].Dense + ".weight");
        return new(
            weights.Linear(names.Dense, c.Width, c.EmbeddingWidth),
            c.Activation,
            weights.Norm(names.Norm, c.EmbeddingWidth, c.NormEpsilon),
            c.TiedHead ? opened.Embedding : weights.Take(names.Output + ".weight", c.VocabularySize, c.EmbeddingWidth),
            weights.Take(weights.Has(names.Bias) ? names.Bias : names.Output + ".bias", c.VocabularySize));
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
