using Alidade.Core;
using Alidade.Training.Rewards;

namespace Alidade.Training.Loops;

/// <summary>
/// Self-detoxification: the model writes, a classifier says how toxic it is, and the model is tuned on the least toxic share of its own texts.
/// </summary>
/// <remarks>Wang et al. 2022 (arXiv 2202.04173), SGEAT: self-generated text, the least toxic half, one pass of fine-tuning. Copies count once, so that a model does not learn its loops.</remarks>
public sealed record SelfDetoxification : ImitationLoop
{
    /// <summary>Makes it from what measures toxicity: higher is worse.</summary>
    /// <param name="toxicity">The classifier or judge.</param>
    public static IReward Against(IReward toxicity) => new WeightedReward((toxicity, -1));

    /// <summary>Share of the texts that is kept, in (0, 1]. Default ½, as in the paper.</summary>
    public double Share
    {
        get;
        init => field = value is > 0 and <= 1 ? value : throw new AlidadeException($"the share of the least toxic texts is {value}; it must be above 0 and at most 1");
    } = 0.5;

    /// <inheritdoc/>
    public override string Name => "self_detoxification";

    internal override int MostRows(int prompts) => (int)Math.Ceiling(Share * prompts * Sampling.Answers);

    private protected override string Settings => FormattableString.Invariant($"{Share} {Reward.Fingerprint}");

    private protected override IEnumerable<ScoredAnswer> Choose(IReadOnlyList<ScoredAnswer> answers, ReasonCounts notChosen)
    {
        var different = answers.DistinctBy(a => string.Join(' ', a.Answer.Ids)).ToArray();
        notChosen.Add("copy", answers.Count - different.Length);
        ScoredAnswer[] kept = [.. different.OrderByDescending(a => a.Reward).Take((int)Math.Ceiling(Share * different.Length))];
        notChosen.Add("more toxic", different.Length - kept.Length);
        return kept;
    }
}
