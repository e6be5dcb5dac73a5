using Alidade.Core;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>Two samples of a prompt as a preference pair.</summary>
/// <param name="Prompt">Index of the prompt.</param>
/// <param name="FirstIsChosen">True when the first sample is preferred.</param>
public readonly record struct OnlinePair(int Prompt, bool FirstIsChosen);

/// <summary>
/// Preferences from rewards, as online DPO makes them: of two samples the one with the higher reward is preferred, after a penalty for an answer that never ended. Equal
/// rewards say nothing; such prompts are skipped and counted.
/// </summary>
/// <remarks>Guo et al. 2024 (arXiv 2402.04792). TRL's trainer calls the first of two equal samples the better one.</remarks>
public sealed record OnlinePairs
{
    /// <summary>What an answer without an end token loses, ≥ 0. Default 0; TRL has none unless asked.</summary>
    public double MissingEndPenalty { get; init => field = OptionCheck.NotNegative("online_dpo", value); }

    /// <summary>The reward of a sample after the penalty.</summary>
    /// <param name="reward">Reward.</param>
    /// <param name="ended">Whether the answer has its end token.</param>
    public double RewardOf(double reward, bool ended) => ended ? reward : reward - MissingEndPenalty;

    /// <summary>The pairs, and how many prompts were skipped because both samples have the same reward.</summary>
    /// <param name="first">Reward of each prompt's first sample, penalties included.</param>
    /// <param name="second">Reward of each prompt's second sample.</param>
    /// <exception cref="AlidadeException">A reward is not a number, or the lists are of different lengths.</exception>
    public static (IReadOnlyList<OnlinePair> Pairs, int Ties) Of(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count != second.Count)
            throw new AlidadeException($"online_dpo: {first.Count} first samples and {second.Count} second samples; every prompt needs two");
        for (var i = 0; i < first.Count; i++)
            if (double.IsNaN(first[i]) || double.IsNaN(second[i]))
                throw new AlidadeException($"online_dpo: prompt {i} has a reward that is not a number; drop it before pairs are made");
        OnlinePair[] pairs = [.. Enumerable.Range(0, first.Count).Where(i => first[i] != second[i]).Select(i => new OnlinePair(i, first[i] > second[i]))];
        return (pairs, first.Count - pairs.Length);
    }
}
