using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Interpretability.Lenses;

/// <summary>How a lens' distributions stand to the final one; every array runs layer by layer, then over the other dimensions row-major.</summary>
/// <param name="Entropy">−Σ p log p, in nats.</param>
/// <param name="KlToFinal">KL(final ‖ layer), in nats.</param>
/// <param name="MaxProbability">The likeliest token's probability.</param>
public sealed record LensStatistics(double[] Entropy, double[] KlToFinal, double[] MaxProbability)
{
    /// <summary>Computes them in double precision.</summary>
    /// <param name="logits">[layers + 1, .., vocabulary]; the last layer is the final distribution.</param>
    public static LensStatistics Of(Tensor logits)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var logProbs = nn.functional.log_softmax(logits.to(ScalarType.Float64), -1);
        var probabilities = logProbs.exp();
        var final = logProbs.narrow(0, logits.size(0) - 1, 1);
        return new(
            Values(-(probabilities * logProbs).sum(-1)),
            Values((final.exp() * (final - logProbs)).sum(-1)),
            Values(probabilities.amax([-1])));
    }

    /// <summary>−log p of the next token and its rank (1 = likeliest), for every layer and every position but the last.</summary>
    /// <param name="logits">[layers + 1, rows, positions, vocabulary].</param>
    /// <param name="ids">[rows, positions], int64.</param>
    public static (double[] CrossEntropy, long[] Rank) OfNextTokens(Tensor logits, Tensor ids)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var before = nn.functional.log_softmax(logits.to(ScalarType.Float64).narrow(2, 0, logits.size(2) - 1), -1);
        var next = ids.narrow(1, 1, ids.size(1) - 1).unsqueeze(0).expand(logits.size(0), -1, -1).unsqueeze(-1);
        var chosen = before.gather(-1, next);
        return (Values(-chosen.squeeze(-1)), ((before > chosen).sum(-1) + 1).cpu().contiguous().data<long>().ToArray());
    }

    private static double[] Values(Tensor tensor) => tensor.cpu().contiguous().data<double>().ToArray();
}
