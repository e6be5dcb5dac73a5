namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// Soft punishment of overlong answers: −factor·min(max(length − (max − buffer), 0), buffer)/buffer.
/// </summary>
/// <remarks>DAPO, Yu et al. 2025 (arXiv 2503.14476), eq. 13; OpenRLHF and verl.</remarks>
public sealed record OverlongPenalty
{
    /// <summary>Largest number of tokens of an answer.</summary>
    public required int MaxLength { get; init => field = OptionCheck.Count("overlong_penalty", value); }

    /// <summary>Tokens before the largest length in which the penalty grows from 0 to <see cref="Factor"/>.</summary>
    public required int Buffer { get; init => field = OptionCheck.Count("overlong_penalty", value); }

    /// <summary>Largest penalty. Default 1, as DAPO.</summary>
    public double Factor { get; init => field = OptionCheck.NotNegative("overlong_penalty", value); } = 1;

    /// <summary>The penalty, at most 0.</summary>
    /// <param name="length">Tokens of the answer.</param>
    public double Of(int length) => -Factor * Math.Clamp(length - (MaxLength - Buffer), 0, Buffer) / Buffer;
}

/// <summary>Dynamic sampling: groups whose rewards are all equal have no gradient and are left out (and counted).</summary>
/// <remarks>DAPO, Yu et al. 2025 (arXiv 2503.14476), eq. 11.</remarks>
public static class DynamicSampling
{
    /// <summary>True for a group whose rewards are all equal, so that none of its answers is better than another. A single answer is no group, and teaches by its reward.</summary>
    /// <param name="rewards">Rewards of the answers to one prompt.</param>
    public static bool TeachesNothing(IReadOnlyList<double> rewards) => rewards.Count > 1 && rewards.All(r => r == rewards[0]);
}
