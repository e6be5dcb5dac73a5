using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Training.Data;

/// <summary>How single answers become tokens.</summary>
public sealed record UnpairedTokenOptions : AnswerTokenOptions
{
    /// <summary>Longest prompt with a mismatched answer, in tokens; a longer one loses its end. Null: as <see cref="AnswerTokenOptions.MaxLength"/>.</summary>
    public int? MismatchedLength { get; init; }
}

/// <summary>One answer as tokens, with whether it is wanted.</summary>
/// <param name="Id">The row it came from.</param>
/// <param name="Prompt">Ids that the answer follows; may be empty.</param>
/// <param name="Answer">Ids of the answer.</param>
/// <param name="Label">True for an answer that is wanted.</param>
public sealed record UnpairedTokens(string Id, IReadOnlyList<int> Prompt, IReadOnlyList<int> Answer, bool Label)
{
    /// <summary>The answer of another row after this row's prompt, from which KTO measures how far the policy is from its reference; null for none.</summary>
    public IReadOnlyList<int>? Mismatched { get; init; }

    /// <summary>How probable it is that an answer to this prompt is wanted; null where it is not known. BCO weighs unwanted answers by it.</summary>
    public double? DesirableProbability { get; init; }

    /// <summary>Scored tokens: all, but for the first where there is no prompt to predict it from.</summary>
    public int Targets => Answer.Count - (Prompt.Count == 0 ? 1 : 0);
}

/// <summary>Single answers with their labels to ids; an answer begins and ends as those of <see cref="PreferenceTokenizer"/>.</summary>
/// <remarks>Ids of TRL 1.16 <c>KTOTrainer</c>, and of TRL 1.12 <c>BCOTrainer</c> with <see cref="RowTruncation.CutAnswer"/>.</remarks>
public sealed class UnpairedTokenizer
{
    private readonly TextEncoder encoder;
    private readonly UnpairedTokenOptions options;
    private readonly (int Id, bool BeginTokenMissing)? end;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AlidadeException">The maximum length is below 2.</exception>
    public UnpairedTokenizer(Tokenizer tokenizer, ChatTemplate? template, UnpairedTokenOptions? options = null)
    {
        this.options = options ?? new();
        encoder = this.options.Encoder(tokenizer, template);
        end = this.options.Truncation == RowTruncation.CutAnswer ? (encoder.Plain(encoder.EndToken)[^1], tokenizer.BeginningOfText is null) : null;
    }

    /// <summary>All rows.</summary>
    /// <param name="rows">Rows.</param>
    /// <param name="mismatchedBatch">Rows of a micro-batch, to give each row a mismatched answer from its micro-batch in the order of the data; null for none.</param>
    /// <exception cref="AlidadeException">No row can be used.</exception>
    public TokenRows<UnpairedTokens> Tokenize(IEnumerable<UnpairedAnswer> rows, int? mismatchedBatch = null)
    {
        var collector = new TokenRowCollector<UnpairedTokens>();
        foreach (var row in rows)
            collector.Try(row.Id, () => Add(collector, TokensOf(row)));
        var result = collector.Finish("answers");
        return mismatchedBatch is { } size ? Mismatched(result, size) : result;
    }

    internal UnpairedTokens TokensOf(UnpairedAnswer row)
    {
        var split = AnswerSplit.Of(encoder, row.Prompt, row.Completion).Ended(options.EndTokens);
        return new(row.Id, split.Prompt, split.Answers[0], row.Label) { DesirableProbability = row.DesirableProbability };
    }

    /// <summary>Cuts and keeps a row, or counts why not.</summary>
    internal void Add(TokenRowCollector<UnpairedTokens> collector, UnpairedTokens row)
    {
        if (Cutting.Cut(row.Prompt, row.Answer, options.MaxLength, options.Truncation, end) is not { } cut)
        {
            collector.Drop("the prompt fills the maximum length");
            return;
        }

        var kept = row with { Prompt = cut.Prompt, Answer = cut.Answer };
        if (kept.Targets < 1)
            collector.Drop("the answer has no token that something stands before");
        else
            collector.Add(kept, cut.Answer != row.Answer || cut.Prompt != row.Prompt);
    }

    /// <summary>Gives each row an answer of another row of its micro-batch.</summary>
    /// <remarks>A micro-batch of one row has nothing to pair; TRL gives it its own answer, here it has none.</remarks>
    internal TokenRows<UnpairedTokens> Mismatched(TokenRows<UnpairedTokens> rows, int size)
    {
        if (size < 2)
            throw new AlidadeException($"rows of a micro-batch: {size}; mismatched answers need at least 2");
        var paired = new List<UnpairedTokens>();
        var same = 0;
        foreach (var batch in rows.Rows.Chunk(size))
        {
            var partners = MismatchedAnswers.Of([.. batch.Select(r => r.Prompt)]);
            same += batch.Length == 1 ? 0 : partners.SamePrompt.Count;
            paired.AddRange(batch.Select((row, i) => batch.Length == 1 ? row : row with
            {
                Mismatched = Cutting.Cut(row.Prompt, batch[partners.AnswerOf[i]].Answer, options.MismatchedLength ?? options.MaxLength, RowTruncation.KeepStart)!.Value.Answer,
            }));
        }

        return rows with { Rows = paired, Noted = same == 0 ? rows.Noted : new Dictionary<string, int>(rows.Noted) { ["the mismatched answer is one to the same prompt"] = same } };
    }
}
