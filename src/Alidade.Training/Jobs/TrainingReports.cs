using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Training.Catalogue;
using Alidade.Training.Trainers;

namespace Alidade.Training.Jobs;

/// <summary>What the training of a member of an ensemble gave, or of all there is.</summary>
/// <param name="Member">The member's name; null where there is no ensemble.</param>
/// <param name="Result">The trainer's result.</param>
internal sealed record MemberResult(string? Member, TrainingResult Result);

/// <summary>The report of a run of training.</summary>
/// <param name="run">The run.</param>
/// <param name="name">What it was asked with.</param>
/// <param name="recipe">Every setting.</param>
/// <param name="known">The objective's place in the catalogue.</param>
/// <param name="rows">Its rows.</param>
/// <param name="model">The model.</param>
internal sealed class TrainingReports(RunFolder run, string name, TrainRecipe recipe, KnownObjective known, PreparedRows rows, CausalLM model)
{
    /// <summary>What was learned from what, and how it went.</summary>
    /// <param name="forecast">The plan.</param>
    /// <param name="results">What the training gave: one result, or that of each member.</param>
    /// <param name="samples">Answers before and after.</param>
    public TrainingReport Of(TrainingForecast forecast, IReadOnlyList<MemberResult> results, IReadOnlyList<SampleComparison> samples) => new()
    {
        Objective = known.Name,
        Meaning = known.Summary,
        Model = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Name)),
        Trained = FormattableString.Invariant($"{(results.Count > 1 ? $"an ensemble of {results.Count} reward models, each " : "")}{(forecast.IsAdapter ? "a LoRA adapter of" : "all")} {forecast.TrainedWeights:n0} weights"),
        Data = FormattableString.Invariant($"{forecast.Rows:n0} rows of {Path.GetFileName(forecast.File)}, {forecast.HeldOutRows:n0} held out; {forecast.Tokens:n0} tokens a pass, {(forecast.LearnsFromRewards ? "all of them prompts" : FormattableString.Invariant($"{forecast.ScoredTokens:n0} of them learned"))}; {forecast.Passes:0.##} {(forecast.Passes == 1 ? "pass" : "passes")} at a learning rate of {forecast.LearningRate:g3}"),
        When = DateTimeOffset.UtcNow,
        Run = Path.GetFileName(Path.GetFullPath(run.Folder)),
        Command = name,
        Recipe = RecipeText.Of(recipe, rows.Objective!),
        Updates = results.Sum(r => r.Result.Updates),
        BestUpdate = results is [var one] ? one.Result.BestUpdate : null,
        StoppedEarly = results.Any(r => r.Result.StoppedEarly),
        Numbers = [.. results.SelectMany(Ends)],
        Curves = StageCurves.From(RunLogging.Latest(run.View)),
        Warnings = [.. results.SelectMany(r => r.Result.Warnings.Select(w => new ReportWarning(w.Update, Of(r.Member, ": ") + w.Message, w.Source)))],
        Samples = samples,
        LeftOut =
        [
            .. results.SelectMany(r => r.Result.Dropped).Concat(rows.Dropped).DistinctBy(d => d.Key).Where(d => d.Value > 0).Select(d => new LeftOut(known.Name, LeftOutKind.Dropped, d.Key, d.Value)),
            .. rows.Truncated > 0 ? [new LeftOut(known.Name, LeftOutKind.Truncated, "cut to the maximum length", rows.Truncated)] : Array.Empty<LeftOut>(),
        ],
        Files = run.Record.Files,
        Cost = new(results.Sum(r => r.Result.Tokens), results.Sum(r => r.Result.Seconds)),
        Environment = run.Record.Environment,
    };

    private IEnumerable<FirstAndLast> Ends(MemberResult trained)
    {
        var result = trained.Result;
        var prefix = Of(trained.Member, " ");
        if (result.HeldOut is [var first, .., var last])
            foreach (var (name, value) in first.Metrics.Append(new("loss", first.Loss)).Where(m => m.Key is not ("reward_low" or "reward_high")))
                if (RunLogging.Values(last).TryGetValue("held_out_" + name, out var end))
                {
                    var (interval, behind) = IntervalOf(name, end, last);
                    yield return new(prefix + "held-out " + name.Replace('_', ' '), value, end) { Note = Ties(name, first.Metrics), LastInterval = interval, Rows = behind };
                }

        // What is known once a rollout is logged with its first update alone.
        if (result.Curve is [var begin, _, ..])
            foreach (var (name, value) in begin.Values.Where(v => v.Key is not ("tokens" or "learning_rate")))
                if (result.Curve.Last(s => s.Values.ContainsKey(name)) is var final && final != begin)
                    yield return new(prefix + "training " + name.Replace('_', ' '), value, final.Values[name]) { Note = Ties(name, begin.Metrics) };
    }

    // Of a share of rows, and of a mean reward over the answers that have one. A share of tokens, steps or pairs, several to a row, has the rows alone: they are not independent.
    private (Interval? Interval, int? Rows) IntervalOf(string name, double value, HeldOutPoint point)
    {
        if (name == known.Family.ShareOfRows(rows.Objective!))
            return (Proportion.Wilson((int)Math.Round(value * rows.HeldOutRows), rows.HeldOutRows), rows.HeldOutRows);
        return name == "reward" && point.Metrics.TryGetValue("reward_low", out var low) && point.Metrics.TryGetValue("reward_high", out var high)
            ? (new(low, high, 0.95, "t"), rows.HeldOutRows - (int)point.Metrics.GetValueOrDefault("unscored"))
            : (null, name.EndsWith("accuracy", StringComparison.Ordinal) ? rows.HeldOutRows : null);
    }

    // A policy that is its reference still prefers nothing: an accuracy of 0 says that all pairs are ties, and not that all are wrong.
    private static string? Ties(string name, IReadOnlyDictionary<string, double> start) =>
        name.EndsWith("rewards_accuracy", StringComparison.Ordinal) && start.GetValueOrDefault("rewards_ties") is > 0 and var share
            ? FormattableString.Invariant($"at the start {100 * share:0.#} % of the pairs are ties, which count as wrong") : null;

    private static string Of(string? member, string behind) => member is null ? "" : member + behind;
}
