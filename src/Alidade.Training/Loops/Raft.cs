using Alidade.Core;

namespace Alidade.Training.Loops;

/// <summary>Which answers <see cref="Raft"/> keeps.</summary>
public enum RaftRanking
{
    /// <summary>The best share of all answers of the round.</summary>
    Top,

    /// <summary>The best answer to each prompt: every prompt keeps its place in the data.</summary>
    Local,
}

/// <summary>
/// RAFT: reward-ranked fine-tuning. Samples answers, keeps the best and imitates them, round by round.
/// </summary>
/// <remarks>Dong et al. 2023 (arXiv 2304.06767), alg. 1; LMFlow's "top" and "local". With one round and <see cref="RaftRanking.Local"/> it is best-of-n distilled into the policy.</remarks>
public sealed record Raft : ImitationLoop
{
    /// <summary>Ranking. Default the best of each prompt, as in the paper.</summary>
    public RaftRanking Ranking { get; init; } = RaftRanking.Local;

    /// <summary>Share of the answers that <see cref="RaftRanking.Top"/> keeps, in (0, 1]. Default 0.2, as LMFlow; ignored otherwise.</summary>
    public double Share
    {
        get;
        init => field = value is > 0 and <= 1 ? value : throw new AlidadeException($"RAFT's share of answers is {value}; it must be above 0 and at most 1");
    } = 0.2;

    /// <inheritdoc/>
    public override string Name => "raft";

    private protected override string Settings => FormattableString.Invariant($"{Ranking} {Share} {Reward.Fingerprint}");

    internal override int MostRows(int prompts) => Ranking == RaftRanking.Top ? (int)Math.Ceiling(Share * prompts * Sampling.Answers) : prompts;

    // Of equal rewards the first answer: the choice is the same in every run.
    private protected override IEnumerable<ScoredAnswer> Choose(IReadOnlyList<ScoredAnswer> answers, ReasonCounts notChosen)
    {
        ScoredAnswer[] kept = Ranking == RaftRanking.Top
            ? [.. answers.OrderByDescending(a => a.Reward).Take((int)Math.Ceiling(Share * answers.Count))]
            : [.. answers.GroupBy(a => a.Prompt).Select(g => g.MaxBy(a => a.Reward)!)];
        notChosen.Add("lower reward", answers.Count - kept.Length);
        return kept;
    }
}

/// <summary>
/// Rejection sampling: every answer whose reward reaches a threshold is imitated, copies once, at most so many to a prompt.
/// </summary>
/// <remarks>Rejection-sampling fine-tuning, Yuan et al. 2023 (arXiv 2308.01825), sec. 3.3; in rounds it is expert iteration and STaR without its hints (arXiv 2203.14465).</remarks>
public sealed record RejectionSampling : ImitationLoop
{
    /// <summary>Least reward of an answer that is kept. Default 1: right, under a reward of 0 and 1.</summary>
    public double Threshold { get; init; } = 1;

    /// <summary>Most answers to one prompt (at least 1). Default 4.</summary>
    public int PerPrompt
    {
        get;
        init => field = value >= 1 ? value : throw new AlidadeException($"at most {value} answers to a prompt were asked for; it must be at least 1");
    } = 4;

    /// <inheritdoc/>
    public override string Name => "rejection_sampling";

    internal override int MostRows(int prompts) => prompts * Math.Min(PerPrompt, Sampling.Answers);

    private protected override string Settings => FormattableString.Invariant($"{Threshold} {PerPrompt} {Reward.Fingerprint}");

    private protected override IEnumerable<ScoredAnswer> Choose(IReadOnlyList<ScoredAnswer> answers, ReasonCounts notChosen)
    {
        foreach (var prompt in answers.GroupBy(a => a.Prompt))
        {
            var good = prompt.Where(a => a.Reward >= Threshold).ToArray();
            var different = good.DistinctBy(a => string.Join(' ', a.Answer.Ids)).ToArray();
            notChosen.Add("below the threshold", prompt.Count() - good.Length);
            notChosen.Add("copy of an answer that is kept", good.Length - different.Length);
            notChosen.Add("more answers to a prompt than are kept", different.Length - Math.Min(different.Length, PerPrompt));
            foreach (var answer in different.OrderByDescending(a => a.Reward).Take(PerPrompt))
                yield return answer;
        }
    }
}
