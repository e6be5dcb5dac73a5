using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>Means and standard deviations of groups [prompts, answers].</summary>
internal static class GroupStatistics
{
    /// <summary>Each value minus the mean of its group; exactly 0 where all of a group are equal, whatever the rounding of their mean.</summary>
    public static Tensor Centred(Tensor groups) => where(AllEqual(groups), zeros_like(groups), groups - groups.mean([1], keepdim: true));

    /// <summary>True where all of a group are equal, [prompts, 1].</summary>
    public static Tensor AllEqual(Tensor groups) => groups.amax([1L], keepdim: true).eq(groups.amin([1L], keepdim: true));

    /// <summary>Unbiased standard deviation of each group, [prompts, 1].</summary>
    public static Tensor Deviation(Tensor groups)
    {
        RequireTwo(groups);
        var centred = Centred(groups);
        return ((centred * centred).sum(1, keepdim: true) / (groups.size(1) - 1)).sqrt();
    }

    /// <summary>Unbiased standard deviation over everything, [].</summary>
    public static Tensor DeviationOfAll(Tensor values)
    {
        if (values.numel() < 2)
            throw new AlidadeException("one answer has no standard deviation: sample more answers");
        var centred = values - values.mean();
        return ((centred * centred).sum() / (values.numel() - 1)).sqrt();
    }

    public static void RequireTwo(Tensor groups)
    {
        if (groups.size(1) < 2)
            throw new AlidadeException("a group of one answer has nothing to be compared with: sample at least 2 answers to each prompt");
    }
}
