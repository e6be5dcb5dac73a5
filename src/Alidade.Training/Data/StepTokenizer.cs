using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models.Chat;
using Alidade.Models.Tokenizers;

namespace Alidade.Training.Data;

/// <summary>A sequence in which some tokens carry labels: the ends of steps, or every token of an answer.</summary>
/// <param name="Id">The row it came from.</param>
/// <param name="Ids">Token ids.</param>
/// <param name="Places">Indices of the labelled tokens, rising.</param>
/// <param name="Labels">1 right, 0 wrong, for each of them.</param>
public sealed record StepTokens(string Id, IReadOnlyList<int> Ids, IReadOnlyList<int> Places, IReadOnlyList<int> Labels);

/// <summary>How solutions in steps become tokens.</summary>
public sealed record StepTokenOptions
{
    /// <summary>The text after each step, at whose last token the step is judged. Default a line break, as TRL 1.12.</summary>
    public string Separator
    {
        get;
        init => field = value.Length > 0 ? value : throw new AlidadeException("the separator of steps is empty; steps are judged at it");
    } = "\n";

    /// <summary>Longest row in tokens; what is longer loses its end, and with it the steps there. Null for no limit. Default 1024, as TRL 1.12.</summary>
    public int? MaxLength { get; init; } = 1024;

    /// <summary>Most tokens of all steps together; what is longer loses its end. Null for no limit. Default none.</summary>
    public int? MaxStepsLength { get; init; }

    /// <summary>Learn the last step alone, which makes an outcome reward model of two classes. Default false.</summary>
    public bool LastStepOnly { get; init; }
}

/// <summary>Solutions in steps to ids: the prompt, then each step with the separator, each tokenised alone; a step's label stands at the last token of its separator.</summary>
/// <remarks>
/// Ids and labels of TRL 1.12 <c>PRMTrainer.tokenize_row</c>: a begin token, where the tokenizer has one, is put in front, and no end token is added. Conversations are
/// written by the chat template up to where the assistant answers; TRL takes plain prompts alone. Rows that lose all their labels are counted.
/// </remarks>
public sealed class StepTokenizer
{
    private readonly Tokenizer tokenizer;
    private readonly ChatTemplate? template;
    private readonly StepTokenOptions options;
    private readonly int[] separator;

    /// <summary>Makes it.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="template">Its chat template; null when it has none, then conversations are errors.</param>
    /// <param name="options">How.</param>
    /// <exception cref="AlidadeException">A length is below 1, or the separator has no token.</exception>
    public StepTokenizer(Tokenizer tokenizer, ChatTemplate? template, StepTokenOptions? options = null)
    {
        (this.tokenizer, this.template, this.options) = (tokenizer, template, options ?? new());
        if (this.options.MaxLength is < 1 || this.options.MaxStepsLength is < 1)
            throw new AlidadeException("the lengths of solutions in steps must be at least 1");
        separator = Bare(this.options.Separator);
        if (separator.Length == 0)
            throw new AlidadeException($"the tokenizer has no token for the separator '{this.options.Separator}'; name another one");
    }

    /// <summary>All solutions.</summary>
    /// <exception cref="AlidadeException">No solution can be used.</exception>
    public TokenRows<StepTokens> Tokenize(IEnumerable<StepwiseSolution> rows)
    {
        var collector = new TokenRowCollector<StepTokens>();
        foreach (var row in rows)
        {
            var (tokens, cut) = Row(row);
            if (tokens.Places.Count == 0)
                collector.Drop("no labelled step is left within the maximum length");
            else
                collector.Add(tokens, cut);
        }

        return collector.Finish("solutions in steps");
    }

    internal (StepTokens Row, bool Cut) Row(StepwiseSolution row)
    {
        int[] prompt = row.Prompt.Text is { } text ? [.. Begin(), .. Bare(text)]
            : [.. RowProblems.Naming(row.Id, () => new TextEncoder(tokenizer, template, endToken: null).Chat(row.Prompt.Messages!, beginAnswer: true).Ids)];
        List<int> steps = [], places = [], labels = [];
        for (var i = 0; i < row.Steps.Count; i++)
        {
            steps.AddRange([.. Bare(row.Steps[i]), .. separator]);
            if (options.LastStepOnly && i + 1 < row.Steps.Count)
                continue;
            places.Add(prompt.Length + steps.Count - 1);
            labels.Add(row.Labels[i] ? 1 : 0);
        }

        var whole = prompt.Length + steps.Count;
        var length = Math.Min(prompt.Length + Math.Min(steps.Count, options.MaxStepsLength ?? steps.Count), options.MaxLength ?? whole);
        var kept = places.Count(p => p < length);
        return (new(row.Id, [.. prompt.Concat(steps).Take(length)], places[..kept], labels[..kept]), length < whole);
    }

    private int[] Begin() => tokenizer.BeginningOfText is { } id ? [id] : [];

    private int[] Bare(string text) => [.. tokenizer.EncodeWithOffsets(text, new EncodeOptions { AddSpecialTokens = false }).Ids];
}
