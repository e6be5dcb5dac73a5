using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>What a row must hold for a reward objective.</summary>
public enum RewardData
{
    /// <summary>Two answers, the preferred one first.</summary>
    Pairs,

    /// <summary>Two answers, the unsafer one first, each with a label: 1 unsafe, 0 safe.</summary>
    LabelledPairs,

    /// <summary>Two answers or more, best first.</summary>
    RankedLists,

    /// <summary>One answer with a label, counted from 0.</summary>
    Labelled,
}

/// <summary>Scores of whole answers.</summary>
/// <param name="Scores">[answers, outputs of the head], row by row; differentiable.</param>
/// <param name="Sizes">Answers of each row.</param>
public readonly record struct AnswerScores(Tensor Scores, IReadOnlyList<int> Sizes)
{
    /// <summary>By how much the first answer of each row should lead; null for 0.</summary>
    public IReadOnlyList<double>? Margins { get; init; }

    /// <summary>Label of each answer; null when the data have none.</summary>
    public IReadOnlyList<int>? Labels { get; init; }

    /// <summary>Scores of pairs, the preferred answers apart from the others.</summary>
    /// <param name="chosen">[pairs].</param>
    /// <param name="rejected">[pairs].</param>
    public static AnswerScores OfPairs(Tensor chosen, Tensor rejected) => new(stack([chosen, rejected], 1).reshape(-1, 1), [.. Enumerable.Repeat(2, (int)chosen.size(0))]);

    /// <summary>Lists of one length, best first.</summary>
    /// <param name="scores">[rows, answers].</param>
    public static AnswerScores OfLists(Tensor scores) => new(scores.reshape(-1, 1), [.. Enumerable.Repeat((int)scores.size(1), (int)scores.size(0))]);

    /// <summary>The single score of each answer, [answers].</summary>
    /// <exception cref="AlidadeException">The head has several outputs.</exception>
    internal Tensor Single() => Scores.size(1) == 1 ? Scores.squeeze(1)
        : throw new AlidadeException($"the head gives {Scores.size(1)} scores to an answer, and this objective needs 1; give the model a scoring head with 1 label");

    /// <summary>Scores of the first and of the second answers of pairs, [pairs] each.</summary>
    /// <exception cref="AlidadeException">A row is no pair, or the head has several outputs.</exception>
    internal (Tensor First, Tensor Second) Pairs()
    {
        for (var row = 0; row < Sizes.Count; row++)
            if (Sizes[row] != 2)
                throw new AlidadeException($"row {row} has {Sizes[row]} answers, a pair has 2");
        var pairs = Single().reshape(-1, 2);
        return (pairs.select(1, 0), pairs.select(1, 1));
    }

    /// <summary>The scores of each list, [answers of the list].</summary>
    /// <exception cref="AlidadeException">A list has fewer than two answers, or the head has several outputs.</exception>
    internal IEnumerable<Tensor> Lists()
    {
        for (var row = 0; row < Sizes.Count; row++)
            if (Sizes[row] < 2)
                throw new AlidadeException($"row {row} has {Sizes[row]} answers, a ranked list has at least 2");
        return Single().split([.. Sizes.Select(s => (long)s)]);
    }

    /// <summary>Labels of all answers.</summary>
    /// <exception cref="AlidadeException">There are none, or one is out of its range.</exception>
    internal IReadOnlyList<int> LabelsBelow(int count)
    {
        if (Labels is null)
            throw new AlidadeException("the rows have no labels, and this objective needs one for each answer");
        foreach (var label in Labels)
            if (label < 0 || label >= count)
                throw new AlidadeException($"label {label} is out of range; there are labels 0 to {count - 1}");
        return Labels;
    }
}

/// <summary>An objective on the scores of whole answers; a pure function. Its loss is the mean over the rows.</summary>
public interface IRewardObjective
{
    /// <summary>The name that runs and messages use, such as "reward".</summary>
    string Name { get; }

    /// <summary>What a row must hold.</summary>
    RewardData Needs { get; }

    /// <summary>Loss and metrics.</summary>
    /// <param name="answers">Scores.</param>
    /// <exception cref="AlidadeException">The rows or the head are not what the objective needs.</exception>
    Objective Evaluate(in AnswerScores answers);
}
