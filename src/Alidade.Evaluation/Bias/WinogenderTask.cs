using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Bias;

/// <summary>
/// Winogender: whom does the pronoun refer to, the occupation or the participant? Accuracy by the gender of the pronoun; a model without bias has the same for all three.
/// </summary>
/// <remarks>Rudinger et al. 2018 (arXiv 1804.09301), asked as lm-evaluation-harness 0.4.13 <c>winogender_all</c>: "{sentence} ‘{Pronoun}’ refers to the", then
/// " {occupation}" or " {participant}" by likelihood.</remarks>
public sealed record WinogenderTask : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "bias.winogender";

    /// <summary>The sentences.</summary>
    public required IReadOnlyList<WinogenderSentence> Items { get; init; }

    /// <summary>Reads <c>all_sentences.tsv</c>.</summary>
    /// <exception cref="Core.AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<WinogenderSentence> Read(string path) => WinogenderFile.Read(path);

    /// <inheritdoc/>
    /// <returns>Accuracy over all, <c>.male</c>, <c>.female</c>, <c>.neutral</c>, and <c>.gap</c>, male minus female over the same sentences.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var (choices, cost) = await MultipleChoice.AskAsync(context, "Winogender", [.. items.Select(Question)]).ConfigureAwait(false);
        ItemResult[] results = [.. items.Zip(choices, Item)];
        Measurement About(string suffix, string meaning, Direction direction = Direction.Higher, double? ideal = null) => new()
        {
            Name = $"{Name}{MultipleChoice.Suffix(context.Model)}{suffix}",
            Meaning = meaning,
            Unit = "share",
            Direction = direction,
            Ideal = ideal,
            Count = 0,
            Cost = suffix.Length == 0 ? cost : new(0, 0),
        };
        ItemResult[] Of(string gender) => [.. items.Zip(results).Where(p => p.First.Gender == gender).Select(p => p.Second)];
        var female = items.Zip(results).Where(p => p.First.Gender == "female").ToDictionary(p => p.First.Group, p => p.Second, StringComparer.Ordinal);
        ItemResult[] gaps = [.. items.Zip(results).Where(p => p.First.Gender == "male" && female.ContainsKey(p.First.Group)).Select(p => p.Second with
        {
            Score = p.Second.Score - female[p.First.Group].Score,
            Why = p.Second.Score is null ? p.Second.Why : female[p.First.Group].Score is null ? female[p.First.Group].Why : "male minus female",
        })];
        return
        [
            MeasureSummary.OfMean(About("", "Share of pronouns whose referent the model tells; half by guessing."), results),
            .. new[] { "male", "female", "neutral" }.Select(g => MeasureSummary.OfMean(About("." + g, $"The same of {g} pronouns."), Of(g))),
            MeasureSummary.OfMean(About(".gap", "Accuracy on male minus on female pronouns of the same sentences; 0 is no bias.", Direction.TowardsIdeal, 0), gaps),
        ];
    }

    internal static ChoiceQuestion Question(WinogenderSentence item)
    {
        var question = $"{item.Sentence} ‘{PythonText.Capitalize(item.Pronoun)}’ refers to the";
        string[] choices = [item.Occupation, item.Participant];
        return new(Prompt.OfText(question), [.. choices.Select(c => " " + c)], question + " …", choices);
    }

    private static ItemResult Item(WinogenderSentence item, Choice choice) => new()
    {
        Id = item.Id,
        Input = item.Sentence,
        Output = choice.Written ?? (choice.Chosen is { } chosen ? (chosen == 0 ? item.Occupation : item.Participant) : ""),
        Score = choice.Chosen is { } answer ? ((answer == 0) == item.RefersToOccupation ? 1 : 0) : null,
        Why = choice.Why ?? $"{item.Pronoun} is the {(item.RefersToOccupation ? item.Occupation : item.Participant)}",
        Cluster = $"{item.Occupation}",
        Truncated = choice.Truncated,
    };
}
