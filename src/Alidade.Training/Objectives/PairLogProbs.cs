using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>
/// Summed log-probabilities ℓ = Σ log π(token) in nats of the answers of preference pairs, under the policy and under the reference (°), each of shape [pairs].
/// </summary>
/// <param name="PolicyChosen">ℓ⁺; differentiable.</param>
/// <param name="PolicyRejected">ℓ⁻; differentiable.</param>
/// <param name="ReferenceChosen">ℓ°⁺.</param>
/// <param name="ReferenceRejected">ℓ°⁻.</param>
/// <param name="ChosenLengths">Scored tokens of each preferred answer.</param>
/// <param name="RejectedLengths">Scored tokens of each other answer.</param>
public readonly record struct PairLogProbs(
    Tensor PolicyChosen, Tensor PolicyRejected, Tensor ReferenceChosen, Tensor ReferenceRejected, IReadOnlyList<int> ChosenLengths, IReadOnlyList<int> RejectedLengths)
{
    /// <summary>ℓ⁺ − ℓ°⁺.</summary>
    public Tensor ChosenRatio => PolicyChosen - ReferenceChosen;

    /// <summary>ℓ⁻ − ℓ°⁻.</summary>
    public Tensor RejectedRatio => PolicyRejected - ReferenceRejected;

    /// <summary>Sums log-probabilities of tokens over their masks.</summary>
    /// <param name="policyChosen">[pairs, positions].</param>
    /// <param name="policyRejected">[pairs, positions]; its width may differ from the chosen answers'.</param>
    /// <param name="referenceChosen">[pairs, positions].</param>
    /// <param name="referenceRejected">[pairs, positions].</param>
    /// <param name="chosenMask">[pairs, positions], 1 where a token counts; what stands elsewhere changes nothing.</param>
    /// <param name="rejectedMask">[pairs, positions].</param>
    /// <exception cref="AlidadeException">An answer has no token that counts.</exception>
    public static PairLogProbs OfTokens(
        Tensor policyChosen, Tensor policyRejected, Tensor referenceChosen, Tensor referenceRejected, Tensor chosenMask, Tensor rejectedMask) =>
        new PairLogProbs(
            MaskedSum(policyChosen, chosenMask), MaskedSum(policyRejected, rejectedMask),
            MaskedSum(referenceChosen, chosenMask), MaskedSum(referenceRejected, rejectedMask),
            Lengths(chosenMask), Lengths(rejectedMask)).Checked();

    /// <summary>The same with ℓ° = 0: learning from preferences without a reference model.</summary>
    public PairLogProbs WithoutReference() =>
        this with { ReferenceChosen = zeros_like(ReferenceChosen), ReferenceRejected = zeros_like(ReferenceRejected) };

    /// <summary>The same pairs, once every answer is known to have a scored token.</summary>
    /// <exception cref="AlidadeException">An answer has none; the pair is named.</exception>
    public PairLogProbs Checked()
    {
        foreach (var (lengths, answer) in new[] { (ChosenLengths, "chosen"), (RejectedLengths, "rejected") })
            for (var pair = 0; pair < lengths.Count; pair++)
                if (lengths[pair] == 0)
                    throw new AlidadeException($"pair {pair}: the {answer} answer has no scored token, so the pair says nothing; drop it or raise the maximum length");
        return this;
    }

    private static Tensor MaskedSum(Tensor values, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return where(mask.ne(0), values, zeros_like(values)).sum(-1).MoveToOuterDisposeScope();
    }

    private static int[] Lengths(Tensor mask)
    {
        using var scope = NewDisposeScope();
        return [.. mask.ne(0).sum(-1).cpu().data<long>().ToArray().Select(n => (int)n)];
    }
}
