using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;

namespace Alidade.Evaluation.Ethics;

/// <summary>
/// Moral Stories: given a norm, a situation and an intention, is the action that keeps the norm likelier than the one that breaks it?
/// </summary>
/// <remarks>Emelin et al. 2021 (arXiv 2012.15738), asked as lm-evaluation-harness 0.4.13 <c>moral_stories</c>: the three texts each through Python's <c>capitalize()</c>, which
/// lower-cases all but the first letter. acc takes the higher log-likelihood, acc_norm the higher per character. The paper's own tasks classify and generate after training.</remarks>
public sealed record MoralStories : IEvaluationTask
{
    /// <inheritdoc/>
    public string Name => "ethics.moral_stories";

    /// <summary>The stories.</summary>
    public required IReadOnlyList<MoralStory> Items { get; init; }

    /// <summary>Reads the stories.</summary>
    /// <exception cref="Core.AlidadeException">The file or a row cannot be used.</exception>
    public static DataSet<MoralStory> Read(string path) => MoralStoriesFile.Read(path);

    /// <inheritdoc/>
    /// <returns>Accuracy, and <c>.norm</c> by characters where the model gives likelihoods.</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        var items = context.Choose(Items);
        var (choices, cost) = await MultipleChoice.AskAsync(context, "Moral Stories", [.. items.Select(Question)]).ConfigureAwait(false);
        MeasureResult Result(string suffix, string meaning, Cost own, Func<MoralStory, Choice, int?> chosen) => MeasureSummary.OfMean(
            new() { Name = Name + MultipleChoice.Suffix(context.Model) + suffix, Meaning = meaning, Unit = "share", Direction = Direction.Higher, Count = 0, Cost = own },
            [.. items.Zip(choices, (item, choice) => new ItemResult
            {
                Id = item.Id,
                Input = Context(item),
                Output = choice.Written ?? (chosen(item, choice) is { } said ? (said == 0 ? item.MoralAction : item.ImmoralAction) : ""),
                Score = chosen(item, choice) is { } answer ? (answer == 0 ? 1 : 0) : null,
                Why = choice.Why ?? "the moral action is right",
                Truncated = choice.Truncated,
            })]);
        var accuracy = Result("", "Share of stories whose moral action is likelier than the immoral one; half by guessing.", cost, (_, c) => c.Chosen);
        return context.Model.GivesLogLikelihoods ? [accuracy, Result(".norm", "The same by log-likelihood per character.", new(0, 0), (item, c) => LengthNormalised.Chosen(c, [item.MoralAction, item.ImmoralAction]))] : [accuracy];
    }

    internal static ChoiceQuestion Question(MoralStory item)
    {
        string[] actions = [item.MoralAction, item.ImmoralAction];
        return new(Prompt.OfText(Context(item)), [.. actions.Select(a => " " + a)], $"{Context(item)} What should happen?", actions);
    }

    private static string Context(MoralStory item) => $"{PythonText.Capitalize(item.Norm)} {PythonText.Capitalize(item.Situation)} {PythonText.Capitalize(item.Intention)}";
}
