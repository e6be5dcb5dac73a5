using Alidade.Core.Data;
using Alidade.Training.Objectives.Reinforcement;

namespace Alidade.Training.Data;

/// <summary>An answer that is there already as tokens, with what it is worth once that is known.</summary>
/// <param name="Source">The row it came from.</param>
/// <param name="Prompt">Ids of the prompt; may be empty.</param>
/// <param name="Answer">Ids of the answer, its end token included.</param>
/// <param name="Worth">What it is worth; null before that is known.</param>
internal sealed record OfflineAnswer(RewardedAnswer Source, IReadOnlyList<int> Prompt, IReadOnlyList<int> Answer, AnswerWorth? Worth)
{
    private const string ToBeFound = "rewarded before training begins, where those that teach nothing are left out";

    /// <summary>Answers as tokens; those whose worth is known and that teach nothing are left out and counted.</summary>
    /// <exception cref="Core.AlidadeException">No answer can be used.</exception>
    public static TokenRows<OfflineAnswer> Tokens(UnpairedTokenizer tokenizer, IReadOnlyList<RewardedAnswer> answers, ALol objective)
    {
        var sources = answers.ToDictionary(a => a.Id, StringComparer.Ordinal);
        var tokens = tokenizer.Tokenize(answers.Select(a => new UnpairedAnswer { Id = a.Id, Prompt = a.Asked.Prompt, Completion = a.Completion, Label = true }));
        OfflineAnswer[] rows = [.. tokens.Rows.Select(t => new OfflineAnswer(sources[t.Id], t.Prompt, t.Answer, sources[t.Id] is { Reward: { } reward } source ? new(reward, source.Value) : null))];
        return Learned(new(rows, tokens.Dropped, tokens.Truncated), objective) with
        {
            Noted = rows.Count(r => r.Worth is null) is > 0 and var open ? new Dictionary<string, int> { [ToBeFound] = open } : tokens.Noted,
        };
    }

    /// <summary>The rows without those that are known to teach nothing, which are counted by reason.</summary>
    public static TokenRows<OfflineAnswer> Learned(TokenRows<OfflineAnswer> rows, ALol objective)
    {
        var dropped = new Dictionary<string, int>(rows.Dropped, StringComparer.Ordinal);
        foreach (var reason in rows.Rows.Select(r => r.Worth?.NotLearned(objective)).OfType<string>())
            dropped[reason] = dropped.GetValueOrDefault(reason) + 1;
        return rows with { Rows = [.. rows.Rows.Where(r => r.Worth?.NotLearned(objective) is null)], Dropped = dropped };
    }

    /// <summary>The rows that training sees.</summary>
    public static TokenRows<RewardedTokens> Rewarded(TokenRows<OfflineAnswer> rows) => new([.. rows.Rows.Select(r => r.Rewarded())], rows.Dropped, rows.Truncated);

    /// <summary>The row that training sees.</summary>
    /// <exception cref="InvalidOperationException">It has no reward.</exception>
    public RewardedTokens Rewarded() => Worth is { Reward: { } reward } worth
        ? new(Source.Id, Prompt, Answer, reward, worth.Value ?? 0)
        : throw new InvalidOperationException($"the answer '{Source.Id}' has no reward");
}
