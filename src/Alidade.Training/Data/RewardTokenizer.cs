using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>Answers that a reward model scores at their last tokens, with what all of them begin with once.</summary>
/// <param name="Id">The row they came from.</param>
/// <param name="Prompt">Ids that all answers begin with; may be empty.</param>
/// <param name="Answers">Ids of what follows, for each answer at least one: of pairs the preferred (or the unsafer) one first, of ranked lists best first.</param>
public sealed record RewardTokens(string Id, IReadOnlyList<int> Prompt, IReadOnlyList<IReadOnlyList<int>> Answers)
{
    /// <summary>By how much the first answer should lead; null where the data do not say.</summary>
    public double? Margin { get; init; }

    /// <summary>Label of each answer; null where the data have none.</summary>
    public IReadOnlyList<int>? Labels { get; init; }

    /// <summary>From whole sequences: their common beginning becomes the prompt, as far as it leaves each of them a token.</summary>
    /// <param name="id">Id of the row.</param>
    /// <param name="wholes">Ids of each prompt with its answer.</param>
    public static RewardTokens Of(string id, params IReadOnlyList<int[]> wholes)
    {
        if (wholes.Count == 1)
            return new(id, [], [wholes[0]]);
        var shared = wholes.Min(w => Math.Min(w.Length - 1, w.AsSpan().CommonPrefixLength(wholes[0])));
        return new(id, wholes[0][..shared], [.. wholes.Select(w => w[shared..])]);
    }
}

/// <summary>How rows of a reward model become tokens.</summary>
public sealed record RewardTokenOptions
{
    /// <summary>Longest prompt with an answer, in tokens; a row with a longer one is left out, for its score would be read in the middle. Null for no limit. Default 1024, as TRL 1.16.</summary>
    public int? MaxLength { get; init; } = 1024;

    /// <summary>The text that ends an answer; null for the tokenizer's end-of-text token.</summary>
    public string? EndToken { get; init; }
}

/// <summary>Rows of a reward model to ids: plain answers end with the end-of-text token, conversations as their template ends them; the score is read at the last token.</summary>
/// <remarks>Ids of TRL 1.16 <c>RewardTrainer</c>. Rows that are too long are counted, never cut.</remarks>
public sealed class RewardTokenizer
{
    private readonly TextEncoder encoder;
    private readonly RewardTokenOptions options;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AlidadeException">The maximum length is below 1.</exception>
    public RewardTokenizer(Tokenizer tokenizer, ChatTemplate? template, RewardTokenOptions? options = null)
    {
        this.options = options ?? new();
        if (this.options.MaxLength is < 1)
            throw new AlidadeException($"the maximum length is {this.options.MaxLength}; an answer needs at least 1 token");
        encoder = new(tokenizer, template, this.options.EndToken);
    }

    /// <summary>Preference pairs, with their margins.</summary>
    /// <exception cref="AlidadeException">No row can be used.</exception>
    public TokenRows<RewardTokens> Tokenize(IEnumerable<PreferencePair> pairs) =>
        Collected(pairs, p => Row(p.Id, p.Prompt, p.Chosen, p.Rejected) with { Margin = p.Margin });

    /// <summary>Ranked lists, best first. A list in which two answers share a score is left out: neither is the better one.</summary>
    /// <exception cref="AlidadeException">No row can be used.</exception>
    public TokenRows<RewardTokens> Tokenize(IEnumerable<RankedAnswers> lists)
    {
        var collector = new TokenRowCollector<RewardTokens>();
        foreach (var list in lists)
            if (list.Scores.Distinct().Count() < list.Scores.Count)
                collector.Drop("two answers share a score");
            else
                Add(collector, Row(list.Id, list.Prompt, [.. Enumerable.Range(0, list.Completions.Count).OrderByDescending(i => list.Scores[i]).Select(i => list.Completions[i])]));
        return collector.Finish("ranked lists");
    }

    /// <summary>Pairs with safety labels, the unsafer answer first; label 1 for unsafe.</summary>
    /// <exception cref="AlidadeException">No row can be used.</exception>
    public TokenRows<RewardTokens> Tokenize(IEnumerable<SafetyPair> pairs) =>
        Collected(pairs, p => Row(p.Id, p.Prompt, p.Unsafer, p.Safer) with { Labels = [p.UnsaferIsUnsafe ? 1 : 0, p.SaferIsUnsafe ? 1 : 0] });

    /// <summary>Labelled answers.</summary>
    /// <exception cref="AlidadeException">No row can be used.</exception>
    public TokenRows<RewardTokens> Tokenize(IEnumerable<LabelledAnswer> rows) => Collected(rows, r => Row(r.Id, r.Prompt, r.Answer) with { Labels = [r.Label] });

    /// <summary>Labelled answers with the label at every token that follows the prompt, for outcome reward models.</summary>
    /// <exception cref="AlidadeException">No row can be used, or a label is not 0 or 1.</exception>
    public TokenRows<StepTokens> TokenizeOutcomes(IEnumerable<LabelledAnswer> rows)
    {
        var collector = new TokenRowCollector<StepTokens>();
        foreach (var row in rows)
        {
            var whole = RowProblems.Naming(row.Id, () => Whole(row.Prompt, row.Answer));
            var prompt = RowProblems.Naming(row.Id, () => encoder.Prompt(row.Prompt));
            int[] places = [.. Enumerable.Range(0, whole.Length).Skip(Math.Min(prompt.AsSpan().CommonPrefixLength(whole), whole.Length - 1))];
            if (whole.Length > options.MaxLength)
                collector.Drop("longer than the maximum length");
            else
                collector.Add(new(row.Id, whole, places, [.. places.Select(_ => row.Label)]), cut: false);
        }

        return collector.Finish("labelled answers");
    }

    internal RewardTokens Row(string id, Prompt prompt, params IReadOnlyList<string> answers) => RowProblems.Naming(id, () => RewardTokens.Of(id, [.. answers.Select(a => Whole(prompt, a))]));

    internal int[] Whole(string text) => encoder.Plain(encoder.Ended(text));

    internal int[] Whole(IReadOnlyList<Message> messages) => [.. encoder.Chat(messages, beginAnswer: false).Ids];

    /// <summary>Keeps a row, or counts why not.</summary>
    internal void Add(TokenRowCollector<RewardTokens> collector, RewardTokens row)
    {
        if (row.Answers.Any(a => row.Prompt.Count + a.Count > options.MaxLength))
            collector.Drop("longer than the maximum length");
        else if (row.Answers.Count == 2 && row.Answers[0].SequenceEqual(row.Answers[1]))
            collector.Drop("both answers are the same tokens");
        else
            collector.Add(row, cut: false);
    }

    private int[] Whole(Prompt prompt, string answer) => prompt.Text is { } text ? encoder.Plain(text + encoder.Ended(answer)) : Whole([.. prompt.Messages!, new("assistant", answer)]);

    private TokenRows<RewardTokens> Collected<T>(IEnumerable<T> rows, Func<T, RewardTokens> make)
    {
        var collector = new TokenRowCollector<RewardTokens>();
        foreach (var row in rows)
            Add(collector, make(row));
        return collector.Finish("rows of answers");
    }
}
