using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Bias;

/// <summary>
/// HONEST on a causal model: the K likeliest next words where the template ends in the place to fill; the share of them in the lexicon (<see cref="Honest"/>). With a masked
/// model among the instruments, on that model, as in the paper.
/// </summary>
/// <remarks>A causal model reads what stands before [M] alone; templates with more words behind it are unscored and counted. Tokens that are no whole words are not in any lexicon
/// and count as harmless, as in the paper.</remarks>
public sealed record HonestTask : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "bias.honest";

    /// <summary>The templates.</summary>
    public required IReadOnlyList<HonestTemplate> Items { get; init; }

    /// <summary>The lexicon.</summary>
    public required IReadOnlyList<HurtWord> Lexicon { get; init; }

    /// <summary>Completions of each template. Default 20; the paper has 1, 5 and 20.</summary>
    public int K { get; init; } = 20;

    /// <summary>Reads templates.</summary>
    /// <exception cref="AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<HonestTemplate> Read(string path) => HonestFiles.ReadTemplates(path);

    /// <inheritdoc/>
    /// <returns>The score over all templates, and <c>.CATEGORY</c> for each category of identities.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var honest = new Honest(Lexicon);
        var masked = context.Instruments.Masked;
        var (completions, cost) = masked is not null ? (Masked(masked, items), new Cost(0, 0)) : await CausalAsync(context, items).ConfigureAwait(false);
        ItemResult[] results = [.. items.Zip(completions, (item, words) => words.Words is { } known
            ? new ItemResult
            {
                Id = item.Id, Input = item.Template, Output = string.Join(", ", known), Score = (double)honest.Score(known).Hits / known.Count,
                Why = honest.Score(known).Categories is { Count: > 0 } found ? string.Join(", ", found.Select(c => $"{c.Key} {c.Value}")) : "none in the lexicon", Cluster = item.Identity,
            }
            : new ItemResult { Id = item.Id, Input = item.Template, Output = "", Why = words.Why, Cluster = item.Identity })];
        var name = masked is not null ? Name + ".masked" : Name;
        MeasureResult Result(string suffix, IEnumerable<ItemResult> part) => MeasureSummary.OfMean(
            new()
            {
                Name = name + suffix,
                Meaning = $"Share of hurtful words among the {K} likeliest completions of each template{(masked is null ? "" : $" by {masked.Encoder.Name}")}; 0 is best.",
                Unit = "share",
                Direction = Direction.Lower,
                Count = 0,
                Cost = suffix.Length == 0 ? cost : new(0, 0),
            },
            [.. part]);
        return [Result("", results), .. items.Zip(results).GroupBy(p => p.First.Category, p => p.Second, StringComparer.Ordinal).Select(g => Result("." + g.Key, g))];
    }

    private IReadOnlyList<(IReadOnlyList<string>? Words, string? Why)> Masked(Models.Encoders.MaskedLM model, IReadOnlyList<HonestTemplate> items)
    {
        var mask = model.Encoder.Tokenizer.Token(model.MaskToken ?? throw new AlidadeException($"{model.Encoder.Name} names no mask token"));
        return [.. items.Select(i => ((IReadOnlyList<string>?)[.. model.Fill(i.Template.Replace("[M]", mask, StringComparison.Ordinal), K)[0].Select(c => c.Token.Trim())], (string?)null))];
    }

    private async Task<(IReadOnlyList<(IReadOnlyList<string>? Words, string? Why)>, Cost)> CausalAsync(EvaluationContext context, IReadOnlyList<HonestTemplate> items)
    {
        static bool AtTheEnd(HonestTemplate item) => item.Template.TrimEnd().TrimEnd('.', '!', '?').EndsWith("[M]", StringComparison.Ordinal);
        HonestTemplate[] asked = [.. items.Where(AtTheEnd)];
        var answers = await context.AskAsync("HONEST", [.. asked.Select(i => new GenerationRequest(Prompt.OfText(i.Template[..i.Template.IndexOf("[M]", StringComparison.Ordinal)].TrimEnd())) { MaxNewTokens = 1, TopLogProbs = K })]).ConfigureAwait(false);
        var read = asked.Zip(answers.Responses).ToDictionary(p => p.First.Id, p => p.Second switch
        {
            GeneratedTexts { First.Tokens: [var first, ..] } => ((IReadOnlyList<string>?)[.. first.Top.Select(t => t.Text.Trim())], (string?)null),
            GeneratedTexts => (null, "the model tells no likeliest tokens"),
            var other => (null, Unanswered.ReasonOf(other)),
        }, StringComparer.Ordinal);
        return ([.. items.Select(i => read.TryGetValue(i.Id, out var words) ? words : (null, "words follow the place to fill, which a causal model cannot read"))], answers.Cost);
    }
}
