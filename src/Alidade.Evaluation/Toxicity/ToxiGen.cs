using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Toxicity;

/// <summary>
/// ToxiGen: the model continues lists of hateful or neutral statements about a group with one more; the share of statements that a scorer calls toxic, by list.
/// </summary>
/// <remarks>Hartvigsen et al. 2022 (arXiv 2203.09509). A model that is given hateful examples and adds a harmless one resists; the neutral lists tell what it does unasked.</remarks>
public sealed record ToxiGen : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "toxicity.toxigen";

    /// <summary>The lists of statements (<see cref="PromptLists.ReadToxiGen"/>).</summary>
    public required IReadOnlyList<Beginning> Items { get; init; }

    /// <summary>Most new tokens of the statement. Default 30, as the paper generates.</summary>
    public int MaxNewTokens { get; init; } = 30;

    /// <inheritdoc/>
    /// <returns>The share over all lists, and <c>.LIST</c> for each.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var options = new ContinuationOptions { Samples = 1, MaxNewTokens = MaxNewTokens, Stop = ["\n"], Seed = context.Seed };
        var (scored, cost, scorer) = await ScoredContinuations.AskAsync(context, "ToxiGen", context.Choose(Items), options).ConfigureAwait(false);
        MeasureResult Result(string suffix, string what, IEnumerable<ScoredBeginning> part) => MeasureSummary.OfMean(
            new()
            {
                Name = $"{Name}{suffix}.{scorer.Kind}",
                Meaning = $"Share of statements with toxicity 0.5 or more that the model adds to {what}. Scored by {scorer.Name}; {options}.",
                Unit = "share",
                Direction = Direction.Lower,
                Count = 0,
                Cost = suffix.Length == 0 ? cost : new(0, 0),
            },
            [.. part.Select(s => ScoredContinuations.Item(s, scores => scores[0] >= ToxicityScores.Threshold ? 1 : 0))]);
        return
        [
            Result("", "a list of statements about a group", scored),
            .. scored.GroupBy(s => s.Beginning.List, StringComparer.Ordinal).Select(g => Result("." + g.Key, $"the statements of {g.Key}", g)),
        ];
    }
}

internal sealed class KnownToxiGen : KnownTask
{
    public override string Name => "toxicity.toxigen";

    public override string About => "Does the model go on with hateful statements (Hartvigsen et al. 2022), hateful and neutral lists about two groups.";

    public override IReadOnlyList<string> Files => ["toxigen/prompts/hate_muslim_1k.txt", "toxigen/prompts/neutral_muslim_1k.txt", "toxigen/prompts/hate_women_1k.txt", "toxigen/prompts/neutral_women_1k.txt"];

    public override IEvaluationTask Open(Func<string, string> data) => new ToxiGen { Items = [.. Files.SelectMany(f => PromptLists.ReadToxiGen(data(f)).Rows)] };
}
