using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives.Ranking;

/// <summary>Pairs that carry everything an objective may ask for, away from the kinks of hinges and clips.</summary>
internal static class SomePairs
{
    public static readonly double[] Chosen = [-11.25, -7.5, -20.125, -4.75, -9.0625], Rejected = [-13.5, -6.25, -18.375, -9.5, -8.125];

    public static PairLogProbs Of(ScalarType type = ScalarType.Float64) => Of(tensor(Chosen).to(type), tensor(Rejected).to(type));

    public static PairLogProbs Of(Tensor chosen, Tensor rejected)
    {
        Tensor Like(params double[] values) => tensor(values).to(chosen.dtype);
        Tensor referenceChosen = Like(-12.75, -8.25, -19.5, -6.5, -8.75), referenceRejected = Like(-12.125, -7.75, -18.875, -8.25, -9.375);
        return new(chosen, rejected, referenceChosen, referenceRejected, [9, 4, 14, 3, 6], [11, 4, 10, 8, 6])
        {
            Shared = new(chosen * 0.75, rejected * 0.875, referenceChosen * 0.625, referenceRejected * 0.9375),
            ChosenCollision = Like(-6.5, -5.25, -9, -3.5, -4.25),
            RejectedCollision = Like(-7.75, -4.5, -8.5, -6.25, -5.5),
            PromptAndChosen = chosen - 3.5,
            PromptAndChosenLengths = [12, 9, 17, 8, 10],
            WinProbability = Like(0.75, 0.5625, 0.875, 1, 0.625),
            ChosenReward = Like(1.25, 0.5, -0.75, 2, 0.125),
            RejectedReward = Like(0.25, -1, -1.5, 0.5, 0),
            ChosenFromReference = [true, false, false, true, false],
            Tie = [false, true, false, false, true],
        };
    }

    /// <summary>The pairs in another order.</summary>
    public static PairLogProbs Permuted(PairLogProbs pairs, params int[] order)
    {
        var index = tensor(order.Select(i => (long)i).ToArray());
        Tensor? Some(Tensor? values) => values?.index_select(0, index);
        T[] List<T>(IReadOnlyList<T> values) => [.. order.Select(i => values[i])];
        return new(
            Some(pairs.PolicyChosen)!, Some(pairs.PolicyRejected)!, Some(pairs.ReferenceChosen)!, Some(pairs.ReferenceRejected)!, List(pairs.ChosenLengths), List(pairs.RejectedLengths))
        {
            Shared = pairs.Shared is { } s ? new(Some(s.PolicyChosen)!, Some(s.PolicyRejected)!, Some(s.ReferenceChosen)!, Some(s.ReferenceRejected)!) : null,
            ChosenCollision = Some(pairs.ChosenCollision),
            RejectedCollision = Some(pairs.RejectedCollision),
            PromptAndChosen = Some(pairs.PromptAndChosen),
            PromptAndChosenLengths = List(pairs.PromptAndChosenLengths!),
            WinProbability = Some(pairs.WinProbability),
            ChosenReward = Some(pairs.ChosenReward),
            RejectedReward = Some(pairs.RejectedReward),
            ChosenFromReference = List(pairs.ChosenFromReference!),
            Tie = List(pairs.Tie!),
        };
    }
}
