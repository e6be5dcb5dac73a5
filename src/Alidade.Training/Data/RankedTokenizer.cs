using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>How ranked lists become tokens.</summary>
public sealed record RankedTokenOptions : AnswerTokenOptions;

/// <summary>A ranked list as tokens: one prompt, its answers best first.</summary>
/// <param name="Id">The row it came from.</param>
/// <param name="Prompt">Ids that all answers begin with; may be empty.</param>
/// <param name="Answers">Ids of the answers, at least two, best first.</param>
/// <param name="Scores">Their scores, never rising.</param>
public sealed record RankedTokens(string Id, IReadOnlyList<int> Prompt, IReadOnlyList<IReadOnlyList<int>> Answers, IReadOnlyList<double> Scores)
{
    /// <summary>Scored tokens of each answer: all, but for the first where there is no prompt to predict it from.</summary>
    public IReadOnlyList<int> Targets => [.. Answers.Select(a => a.Count - (Prompt.Count == 0 ? 1 : 0))];
}

/// <summary>Ranked lists to ids, best answer first; answers begin and end as those of <see cref="PreferenceTokenizer"/>. Answers with equal scores stay in their order.</summary>
public sealed class RankedTokenizer
{
    private readonly TextEncoder encoder;
    private readonly RankedTokenOptions options;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AlidadeException">The maximum length is below 2.</exception>
    public RankedTokenizer(Tokenizer tokenizer, ChatTemplate? template, RankedTokenOptions? options = null)
    {
        this.options = options ?? new();
        if (this.options.Truncation != RowTruncation.KeepStart)
            throw new AlidadeException("ranked lists are cut at their end: all answers of a list share its prompt");
        encoder = this.options.Encoder(tokenizer, template);
    }

    /// <summary>All lists.</summary>
    /// <exception cref="AlidadeException">No list can be used.</exception>
    public TokenRows<RankedTokens> Tokenize(IEnumerable<RankedAnswers> rows)
    {
        var collector = new TokenRowCollector<RankedTokens>();
        foreach (var row in rows)
            collector.Try(row.Id, () => Add(collector, row));
        return collector.Finish("ranked lists");
    }

    private void Add(TokenRowCollector<RankedTokens> collector, RankedAnswers row)
    {
        var split = AnswerSplit.Of(encoder, row.Prompt, row.Completions).Ended(options.EndTokens);
        int[] order = [.. Enumerable.Range(0, split.Answers.Length).OrderByDescending(i => row.Scores[i])];
        var cut = order.Select(i => Cutting.Cut(split.Prompt, split.Answers[i], options.MaxLength, RowTruncation.KeepStart)).ToArray();
        if (cut.Any(c => c is null))
        {
            collector.Drop("the prompt fills the maximum length");
            return;
        }

        var kept = new RankedTokens(row.Id, split.Prompt, [.. cut.Select(c => c!.Value.Answer)], [.. order.Select(i => row.Scores[i])]);
        if (kept.Targets.Any(t => t < 1))
            collector.Drop("an answer has no token that something stands before");
        else
            collector.Add(kept, order.Where((i, k) => kept.Answers[k].Count < split.Answers[i].Length).Any());
    }
}
