using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// Log-probabilities in nats of the sampled tokens of some answers, each of shape [rows, positions]; 0 wherever the mask is 0, so that nothing outside it can leak in.
/// </summary>
public sealed record PolicyTokens
{
    private PolicyTokens()
    {
    }

    /// <summary>log π of each token under the policy as it is; differentiable.</summary>
    public Tensor LogProbs { get; private init; } = null!;

    /// <summary>log π_old: under the policy that the ratio is taken against, mostly the one that sampled.</summary>
    public Tensor Old { get; private init; } = null!;

    /// <summary>1 where a token counts, in the type of <see cref="LogProbs"/>; every row has at least one.</summary>
    public Tensor Mask { get; private init; } = null!;

    /// <summary>log π° under the reference; null without one.</summary>
    public Tensor? Reference { get; private init; }

    /// <summary>Log-probabilities that a sampler with other arithmetic reported; null when the sampler is the policy itself.</summary>
    public Tensor? Sampler { get; private init; }

    /// <summary>Entropy of the full next-token distribution at each token; differentiable where a bonus is wanted. Null when nobody asked for it.</summary>
    public Tensor? Entropy { get; private init; }

    /// <summary>Independent uniform numbers in [0, 1) for objectives that draw tokens (Clip-Cov); null for all others.</summary>
    public Tensor? Draws { get; private init; }

    /// <summary>log π − log π_old.</summary>
    public Tensor LogRatio => LogProbs - Old;

    /// <summary>Checks the shapes and clears what lies outside the mask.</summary>
    /// <param name="logProbs">[rows, positions].</param>
    /// <param name="old">[rows, positions].</param>
    /// <param name="mask">[rows, positions], 1 where a token was sampled by the policy; tokens of tools inside an answer are 0.</param>
    /// <param name="reference">[rows, positions] or null.</param>
    /// <param name="sampler">[rows, positions] or null.</param>
    /// <param name="entropy">[rows, positions] or null.</param>
    /// <param name="draws">[rows, positions] or null.</param>
    /// <exception cref="AlidadeException">Shapes disagree, or an answer has no token that counts.</exception>
    public static PolicyTokens Of(
        Tensor logProbs, Tensor old, Tensor mask, Tensor? reference = null, Tensor? sampler = null, Tensor? entropy = null, Tensor? draws = null)
    {
        RequireTokens(mask);
        Tensor Clear(Tensor values, string what) => SameShape(values, mask, what) ? Masked.Keep(values, mask) : values;
        return new()
        {
            LogProbs = Clear(logProbs, "log-probabilities"),
            Old = Clear(old.detach(), "old log-probabilities"),
            Mask = mask.ne(0).to(logProbs.dtype),
            Reference = reference is null ? null : Clear(reference.detach(), "reference log-probabilities"),
            Sampler = sampler is null ? null : Clear(sampler.detach(), "sampler log-probabilities"),
            Entropy = entropy is null ? null : Clear(entropy, "entropies"),
            Draws = draws is null ? null : Clear(draws.detach(), "draws"),
        };
    }

    /// <summary>The reference's log-probabilities.</summary>
    /// <exception cref="AlidadeException">There are none.</exception>
    internal Tensor RequireReference(string who) =>
        Reference ?? throw new AlidadeException($"{who} needs log-probabilities under the reference, and none were given");

    internal static bool SameShape(Tensor values, Tensor mask, string what) => values.shape.AsSpan().SequenceEqual(mask.shape)
        ? true
        : throw new AlidadeException($"{what} have shape [{string.Join(", ", values.shape)}] and the mask [{string.Join(", ", mask.shape)}]; they must be equal");

    internal static void RequireTokens(Tensor mask)
    {
        using var scope = NewDisposeScope();
        var counts = mask.ne(0).sum(-1).cpu().data<long>().ToArray();
        for (var row = 0; row < counts.Length; row++)
            if (counts[row] == 0)
                throw new AlidadeException($"answer {row} has no token that counts, so there is nothing to score or to learn from; drop it and count it");
    }
}
