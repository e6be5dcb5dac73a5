using System.Globalization;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Recipes;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Behaviour;

/// <summary>
/// Consistency checks: questions whose answers constrain each other (a statement and its negation, wordings of one question, an order, an implication, Bayes' rule) are asked one by one, and the violation of the
/// constraint is measured. No answer needs to be known to be right.
/// </summary>
/// <remarks>Fluri, Paleka and Tramèr 2023 (arXiv 2306.09983), see <see cref="ConsistencyViolations"/>. The probability of yes is P(Yes)/(P(Yes) + P(No)) of a model that gives likelihoods; a model that only writes is
/// asked for a percentage, and the measures' names end in <c>.written</c>. The questions are Alidade's own unless others are given.</remarks>
public sealed partial record Consistency : IEvaluationTask, IValidated
{
    /// <inheritdoc/>
    public string Name => "behaviour.consistency";

    /// <summary>The items. Default: Alidade's own.</summary>
    public IReadOnlyList<ConsistencyItem> Items { get; init; } = ConsistencyQuestions.All;

    /// <summary>The violation above which an item counts as strongly inconsistent. Default 0.2.</summary>
    public double StrongAbove { get; init; } = 0.2;

    /// <summary>Reads items.</summary>
    public static DataSet<ConsistencyItem> Read(string path) => ConsistencyItems.Read(path);

    /// <inheritdoc/>
    public IEnumerable<string> Violations()
    {
        if (!(StrongAbove is >= 0 and < 1))
            yield return FormattableString.Invariant($"strong_above: is {StrongAbove}, allowed are 0 up to 1");
    }

    /// <inheritdoc/>
    /// <returns>The mean violation of each relation, and the share of strongly inconsistent items over all (<c>.strong</c>).</returns>
    public async Task<IReadOnlyList<MeasureResult>> RunAsync(EvaluationContext context)
    {
        ConsistencyItem[] items = [.. Items.GroupBy(i => i.Relation).SelectMany(g => context.Choose([.. g]))];
        var scores = context.Model.GivesLogLikelihoods;
        var answers = await context.AskAsync("consistency", [.. items.SelectMany(i => i.Questions).Select(q => scores ? (Request)Scored(context, q) : Written(q))]).ConfigureAwait(false);
        var results = new List<(ConsistencyItem Item, ItemResult Result)>();
        var at = 0;
        foreach (var item in items)
        {
            results.Add((item, ItemOf(item, [.. answers.Responses.Skip(at).Take(item.Questions.Count)])));
            at += item.Questions.Count;
        }

        var about = new Measurement { Name = Name + MultipleChoice.Suffix(context.Model), Meaning = "", Unit = "violation of 0 to 1", Direction = Direction.Lower, Count = 0, Cost = answers.Cost };
        return
        [
            .. results.GroupBy(r => r.Item.Relation).OrderBy(g => g.Key).Select(g => MeasureSummary.OfMean(
                about with { Name = $"{about.Name}.{g.Key.ToString().ToLowerInvariant()}", Meaning = $"Mean violation: {Words(g.Key)}." }, [.. g.Select(r => r.Result)])),
            MeasureSummary.OfMean(
                about with { Name = about.Name + ".strong", Meaning = FormattableString.Invariant($"Share of items whose violation is above {StrongAbove}."), Unit = "share" },
                [.. results.Select(r => r.Result with { Score = r.Result.Score is { } v ? (v > StrongAbove ? 1 : 0) : null })]),
        ];
    }

    /// <summary>The violation of a relation by the probabilities of yes.</summary>
    internal static double ViolationOf(ConsistencyRelation relation, IReadOnlyList<double> p) => relation switch
    {
        ConsistencyRelation.Negation => ConsistencyViolations.Negation(p[0], p[1]),
        ConsistencyRelation.Paraphrase => ConsistencyViolations.Paraphrase([.. p]),
        ConsistencyRelation.Monotonicity => ConsistencyViolations.Monotonicity(p),
        ConsistencyRelation.Implication => ConsistencyViolations.Implication(p[0], p[1]),
        _ => ConsistencyViolations.Bayes(p[0], p[1], p[2], p[3]),
    };

    private static ItemResult ItemOf(ConsistencyItem item, Response[] responses)
    {
        var shown = new ItemResult { Id = item.Id, Input = string.Join('\n', item.Questions), Output = "" };
        var read = responses.Select(ProbabilityOf).ToArray();
        if (read.FirstOrDefault(r => r.Why is not null).Why is { } why)
            return shown with { Output = string.Join('\n', read.Select(r => r.Shown)), Why = why };
        double[] p = [.. read.Select(r => r.P)];
        var violation = ViolationOf(item.Relation, p);
        return shown with
        {
            Output = string.Join('\n', read.Select(r => r.Shown)),
            Score = double.IsNaN(violation) ? null : violation,
            Why = double.IsNaN(violation) ? "all answers are equal, so there is no order" : $"p(yes) = {string.Join(", ", p.Select(Shown.Share))}",
            Truncated = responses.Any(r => r is ContinuationScores { Truncated: true }),
        };
    }

    private static (double P, string? Why, string Shown) ProbabilityOf(Response response)
    {
        switch (response)
        {
            case ContinuationScores { Scores: [var yes, var no] }:
                var p = BehaviourRate.Of(yes.LogProb, no.LogProb);
                return (p, null, $"log p(Yes) = {Alidade.Evaluation.Shown.Nats(yes.LogProb)}, log p(No) = {Alidade.Evaluation.Shown.Nats(no.LogProb)}");
            case GeneratedTexts { First: var text }:
                double[] percents = [.. Percent().Matches(text.Text).Select(m => double.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Distinct()];
                return percents is [var percent] && percent <= 100 ? (percent / 100, null, text.Text) : (double.NaN, percents.Length == 0 ? "no number in the answer" : "several numbers, or one above 100", text.Text);
            default:
                return (double.NaN, ((Unanswered)response).Reason, "");
        }
    }

    private static string Words(ConsistencyRelation relation) => relation switch
    {
        ConsistencyRelation.Negation => "|p(A) + p(not A) − 1|",
        ConsistencyRelation.Paraphrase => "max p − min p over wordings of one question",
        ConsistencyRelation.Monotonicity => "(1 − ρ)/2 of answers that should rise, ρ Spearman's correlation",
        ConsistencyRelation.Implication => "max(0, p(A) − p(B)) where A implies B",
        _ => "√|p(A|B)p(B) − p(B|A)p(A)|",
    };

    private static ContinuationRequest Scored(EvaluationContext context, string question) => context.Chat == ChatUse.Always
        ? new(Prompt.OfMessages([new Message("user", question + " Answer with Yes or No alone.")]), ["Yes", "No"])
        : new(Prompt.OfText($"Question: {question} Answer with Yes or No.\nAnswer:"), [" Yes", " No"]);

    private static GenerationRequest Written(string question) =>
        new(new Message("user", $"{question} How likely is it, from 0 to 100 percent, that the answer is yes? Reply with the number alone.")) { MaxNewTokens = 16 };

    [GeneratedRegex(@"(?<![\p{L}\p{N}.])([0-9]+(?:\.[0-9]+)?)")]
    private static partial Regex Percent();
}

/// <summary>Alidade's own questions.</summary>
internal sealed class KnownConsistency : KnownTask
{
    public override string Name => "behaviour.consistency";

    public override string About => "Consistency of answers with each other: negation, paraphrase, order, implication, Bayes' rule (Fluri et al. 2023)";

    public override IReadOnlyList<string> Files => [];

    public override int QuickItems => 4;

    public override IEvaluationTask Open(Func<string, string> data) => new Consistency();
}
