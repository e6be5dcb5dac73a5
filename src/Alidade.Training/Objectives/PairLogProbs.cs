using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>Four sums of log-probabilities in nats, each of shape [pairs].</summary>
/// <param name="PolicyChosen">Preferred answers under the policy; differentiable.</param>
/// <param name="PolicyRejected">Other answers under the policy; differentiable.</param>
/// <param name="ReferenceChosen">Preferred answers under the reference.</param>
/// <param name="ReferenceRejected">Other answers under the reference.</param>
public readonly record struct PairSums(Tensor PolicyChosen, Tensor PolicyRejected, Tensor ReferenceChosen, Tensor ReferenceRejected);

/// <summary>
/// Summed log-probabilities ℓ = Σ log π(token) in nats of the answers of preference pairs, under the policy and under the reference (°), each of shape [pairs].
/// </summary>
/// <remarks>What only some objectives read is null unless the trainer found it in <see cref="IPreferenceObjective.Needs"/>; to read what is not there is an error.</remarks>
/// <param name="PolicyChosen">ℓ⁺; differentiable.</param>
/// <param name="PolicyRejected">ℓ⁻; differentiable.</param>
/// <param name="ReferenceChosen">ℓ°⁺.</param>
/// <param name="ReferenceRejected">ℓ°⁻.</param>
/// <param name="ChosenLengths">Scored tokens |y⁺| of each preferred answer.</param>
/// <param name="RejectedLengths">Scored tokens |y⁻| of each other answer.</param>
public readonly record struct PairLogProbs(
    Tensor PolicyChosen, Tensor PolicyRejected, Tensor ReferenceChosen, Tensor ReferenceRejected, IReadOnlyList<int> ChosenLengths, IReadOnlyList<int> RejectedLengths)
{
    /// <summary>Sums over the first min(|y⁺|, |y⁻|) scored tokens of each answer.</summary>
    public PairSums? Shared { get; init; }

    /// <summary>Σ log Σ_v π(v)² over the scored tokens of the preferred answer, without gradient, [pairs].</summary>
    public Tensor? ChosenCollision { get; init; }

    /// <summary>The same of the other answer.</summary>
    public Tensor? RejectedCollision { get; init; }

    /// <summary>Log-probability of prompt and preferred answer together, without the first token, which nothing predicts; differentiable, [pairs].</summary>
    public Tensor? PromptAndChosen { get; init; }

    /// <summary>Tokens that <see cref="PromptAndChosen"/> sums over.</summary>
    public IReadOnlyList<int>? PromptAndChosenLengths { get; init; }

    /// <summary>Probability that the preferred answer wins, [pairs].</summary>
    public Tensor? WinProbability { get; init; }

    /// <summary>Reward of the preferred answer, [pairs].</summary>
    public Tensor? ChosenReward { get; init; }

    /// <summary>Reward of the other answer, [pairs].</summary>
    public Tensor? RejectedReward { get; init; }

    /// <summary>True where the reference wrote the preferred answer and the policy the other one; the reverse elsewhere.</summary>
    public IReadOnlyList<bool>? ChosenFromReference { get; init; }

    /// <summary>True where neither answer is better.</summary>
    public IReadOnlyList<bool>? Tie { get; init; }

    /// <summary>Log-probability under the policy of an answer to imitate, [pairs]; null for the preferred one.</summary>
    public Tensor? Target { get; init; }

    /// <summary>a = ℓ⁺ − ℓ°⁺.</summary>
    public Tensor ChosenRatio => PolicyChosen - ReferenceChosen;

    /// <summary>b = ℓ⁻ − ℓ°⁻.</summary>
    public Tensor RejectedRatio => PolicyRejected - ReferenceRejected;

    /// <summary>|y⁺| as numbers, [pairs].</summary>
    public Tensor ChosenTokens => Numbers(ChosenLengths);

    /// <summary>|y⁻| as numbers, [pairs].</summary>
    public Tensor RejectedTokens => Numbers(RejectedLengths);

    /// <summary>Sums log-probabilities of tokens over their masks.</summary>
    /// <param name="policyChosen">[pairs, positions].</param>
    /// <param name="policyRejected">[pairs, positions]; its width may differ from the chosen answers'.</param>
    /// <param name="referenceChosen">[pairs, positions].</param>
    /// <param name="referenceRejected">[pairs, positions].</param>
    /// <param name="chosenMask">[pairs, positions], 1 where a token counts; what stands elsewhere changes nothing.</param>
    /// <param name="rejectedMask">[pairs, positions].</param>
    /// <exception cref="AlidadeException">An answer has no token that counts.</exception>
    public static PairLogProbs OfTokens(
        Tensor policyChosen, Tensor policyRejected, Tensor referenceChosen, Tensor referenceRejected, Tensor chosenMask, Tensor rejectedMask)
    {
        int[] chosen = Lengths(chosenMask), rejected = Lengths(rejectedMask);
        Tensor sharedChosen = First(chosenMask, rejectedMask), sharedRejected = First(rejectedMask, chosenMask);
        return new PairLogProbs(
            MaskedSum(policyChosen, chosenMask), MaskedSum(policyRejected, rejectedMask),
            MaskedSum(referenceChosen, chosenMask), MaskedSum(referenceRejected, rejectedMask), chosen, rejected)
        {
            Shared = new(
                MaskedSum(policyChosen, sharedChosen), MaskedSum(policyRejected, sharedRejected),
                MaskedSum(referenceChosen, sharedChosen), MaskedSum(referenceRejected, sharedRejected)),
        }.Checked();
    }

    /// <summary>The same with ℓ° = 0: learning from preferences without a reference model.</summary>
    public PairLogProbs WithoutReference() => this with
    {
        ReferenceChosen = zeros_like(ReferenceChosen),
        ReferenceRejected = zeros_like(ReferenceRejected),
        Shared = Shared is { } s ? s with { ReferenceChosen = zeros_like(s.ReferenceChosen), ReferenceRejected = zeros_like(s.ReferenceRejected) } : null,
    };

    /// <summary>The same with every ℓ divided by the scored tokens of its answer: mean log-probabilities of a token.</summary>
    public PairLogProbs PerToken()
    {
        Tensor chosen = ChosenTokens, rejected = RejectedTokens;
        return this with
        {
            PolicyChosen = PolicyChosen / chosen,
            PolicyRejected = PolicyRejected / rejected,
            ReferenceChosen = ReferenceChosen / chosen,
            ReferenceRejected = ReferenceRejected / rejected,
            Shared = Shared is { } s
                ? new(s.PolicyChosen / chosen, s.PolicyRejected / rejected, s.ReferenceChosen / chosen, s.ReferenceRejected / rejected)
                : null,
        };
    }

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

    /// <summary>An input that an objective cannot do without.</summary>
    /// <param name="value">The input.</param>
    /// <param name="objective">Who asks.</param>
    /// <param name="what">What it is called.</param>
    /// <exception cref="AlidadeException">It is not there.</exception>
    internal static T Given<T>(T? value, string objective, PairInputs what)
        where T : class => value ?? throw Missing(objective, what);

    /// <inheritdoc cref="Given{T}(T, string, PairInputs)"/>
    internal static T Given<T>(T? value, string objective, PairInputs what)
        where T : struct => value ?? throw Missing(objective, what);

    private static AlidadeException Missing(string objective, PairInputs what) =>
        new($"{objective} reads {what} of every pair, and these pairs do not carry it; give rows that hold it, or another objective");

    private Tensor Numbers(IReadOnlyList<int> lengths) => tensor(lengths.Select(n => (double)n).ToArray(), PolicyChosen.dtype, PolicyChosen.device);

    private static Tensor MaskedSum(Tensor values, Tensor mask)
    {
        using var scope = NewDisposeScope();
        return where(mask.ne(0), values, zeros_like(values)).sum(-1).MoveToOuterDisposeScope();
    }

    // The scored tokens of a row that have a counterpart in the other answer.
    private static Tensor First(Tensor mask, Tensor other)
    {
        using var scope = NewDisposeScope();
        return (mask.ne(0).to(ScalarType.Int64).cumsum(-1) <= other.ne(0).sum(-1, keepdim: true)).logical_and(mask.ne(0)).MoveToOuterDisposeScope();
    }

    private static int[] Lengths(Tensor mask)
    {
        using var scope = NewDisposeScope();
        return [.. mask.ne(0).sum(-1).cpu().data<long>().ToArray().Select(n => (int)n)];
    }
}
