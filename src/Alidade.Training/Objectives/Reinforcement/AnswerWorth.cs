namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>What an answer that is there already is worth.</summary>
/// <param name="Reward">Its reward R; null where it could not be scored.</param>
/// <param name="Value">V of its prompt, the mean reward of the reference's own answers; null where none of them could be scored, or nobody asked.</param>
/// <param name="Why">Why there is no reward; null where there is one.</param>
public sealed record AnswerWorth(double? Reward, double? Value, string? Why = null)
{
    /// <summary>Why <see cref="ALol"/> does not learn from it, in the same words for every answer with the same fault; null where it does.</summary>
    /// <param name="objective">The objective.</param>
    /// <remarks>The authors' code draws answers in proportion to max(0, R − V), so that others never come; R-LoL has no V and keeps all.</remarks>
    public string? NotLearned(ALol objective) => Reward is null ? $"unscored ({Why})"
        : !objective.NeedsValues ? null
        : Value is null ? "prompt without a value"
        : Reward <= Value ? "no better than the model's own answers"
        : null;
}
