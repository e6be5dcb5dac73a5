using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// Keeps the tokens whose entropy is at or above the (1 − fraction) quantile of all that count: the forks in the road.
/// </summary>
/// <remarks>Wang et al. 2025, "Beyond the 80/20 rule" (arXiv 2506.01939), eq. 6; quantile by linear interpolation, as TRL <c>top_entropy_quantile</c>.</remarks>
public sealed record HighEntropyMask
{
    /// <summary>Share of tokens that is kept, in (0, 1]. Default 0.2, as in the paper.</summary>
    public double Fraction
    {
        get;
        init => field = value is > 0 and <= 1 ? value : throw new AlidadeException($"the share of high-entropy tokens is {value}; it must be above 0 and at most 1");
    } = 0.2;

    /// <summary>1 for the tokens that are kept, [rows, positions].</summary>
    /// <param name="tokens">With entropies.</param>
    public Tensor Keep(PolicyTokens tokens) =>
        Keep(tokens.Entropy ?? throw new AlidadeException("a mask of high entropy needs the entropy of each token, and none was given"), tokens.Mask).Keep;

    /// <summary>The quantile [] and 1 for the tokens that are kept [rows, positions].</summary>
    /// <param name="entropy">In nats, [rows, positions].</param>
    /// <param name="mask">[rows, positions].</param>
    public (Tensor Threshold, Tensor Keep) Keep(Tensor entropy, Tensor mask)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        entropy = entropy.detach();
        var threshold = entropy.masked_select(mask.ne(0)).quantile(tensor(1 - Fraction, entropy.dtype, entropy.device));
        var keep = entropy.ge(threshold).logical_and(mask.ne(0)).to(entropy.dtype);
        return (threshold.MoveToOuterDisposeScope(), keep.MoveToOuterDisposeScope());
    }
}
