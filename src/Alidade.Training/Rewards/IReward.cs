using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Generation;

namespace Alidade.Training.Rewards;

/// <summary>An answer to be rewarded.</summary>
/// <param name="Asked">The row that was answered, with the fields that a reward may need, such as the right answer.</param>
/// <param name="Text">The answer.</param>
/// <param name="PromptIds">The prompt as the policy read it; empty where only texts are known.</param>
/// <param name="Ids">The answer as the policy wrote it, its end token included, for a policy that does not see it never learns to stop; empty where only texts are known.</param>
/// <param name="Ended">True when the policy ended it, so that its last token is an end token; false when a limit cut it.</param>
public sealed record AnsweredPrompt(AskedPrompt Asked, string Text, IReadOnlyList<int> PromptIds, IReadOnlyList<int> Ids, bool Ended)
{
    /// <summary>log p of each of <see cref="Ids"/> in nats under the distribution it was drawn from; empty where nothing was drawn.</summary>
    public IReadOnlyList<float> LogProbs { get; init; } = [];

    /// <summary>The tokens that each of <see cref="Ids"/> was drawn from; empty where all could come.</summary>
    public IReadOnlyList<TokenSet> Allowed { get; init; } = [];

    /// <summary>Prompt and answer as texts alone.</summary>
    public static AnsweredPrompt OfText(AskedPrompt asked, string text) => new(asked, text, [], [], true);
}

/// <summary>A reward, or why there is none. There is no default: what cannot be scored is counted by its reason and trained on by nobody.</summary>
/// <param name="Value">The reward; null when there is a reason.</param>
/// <param name="Why">Why there is none, in the same words for every answer with the same fault; null when there is a value.</param>
public readonly record struct RewardScore(double? Value, string? Why)
{
    /// <summary>A reward.</summary>
    /// <exception cref="AlidadeException">It is not a number.</exception>
    public static RewardScore Of(double value) =>
        double.IsFinite(value) ? new(value, null) : throw new AlidadeException($"a reward of {value} is not a number");

    /// <summary>None, with the reason.</summary>
    public static RewardScore None(string why) => new(null, why);
}

/// <summary>Scores answers: a rule, a reward model, a classifier, a judge, or several of them.</summary>
public interface IReward
{
    /// <summary>The name that runs and messages use, such as "length_target".</summary>
    string Name { get; }

    /// <summary>What the scores depend on besides the answers: settings, and a hash of weights where there are any. A resumed run must find the same.</summary>
    string Fingerprint { get; }

    /// <summary>Scores answers, in their order.</summary>
    /// <param name="completions">Answers.</param>
    /// <param name="cancellation">Stops between answers or batches.</param>
    /// <returns>One score for each answer.</returns>
    /// <exception cref="AlidadeException">The reward itself cannot be used: a field of the row is missing, a model has no scoring head.</exception>
    Task<IReadOnlyList<RewardScore>> ScoreAsync(IReadOnlyList<AnsweredPrompt> completions, CancellationToken cancellation = default);
}
