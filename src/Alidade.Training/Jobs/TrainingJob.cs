using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Catalogue;
using Alidade.Training.Trainers;
using Alidade.Training.Watching;

namespace Alidade.Training.Jobs;

/// <summary>
/// One training inside of a run folder: (1) what the model answers now, (2) the training, which goes on from its newest checkpoint, with answers at its evaluations, (3) what it answers then,
/// (4) adapter or model written, (5) the report, (6) what else was asked for is written. A run that was stopped, killed or could not write does what is missing.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="name">What the run was asked with, for the report.</param>
/// <param name="recipe">Every setting.</param>
/// <param name="known">The objective's place in the catalogue.</param>
/// <param name="rows">Its rows, bound to their trainer.</param>
/// <param name="model">The model; changed in place unless an adapter is trained.</param>
/// <param name="progress">Told how far the work has come.</param>
/// <param name="warn">Told of each warning once.</param>
/// <param name="cancellation">Stops between micro-batches; what is done is kept.</param>
public sealed class TrainingJob(
    RunFolder run, string name, TrainRecipe recipe, KnownObjective known, PreparedRows rows, CausalLM model, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation)
{
    /// <summary>The file that <c>alidade report</c> reads again.</summary>
    public const string RecordFile = "report.json";

    /// <summary>The page.</summary>
    public const string PageFile = "report.html";

    private const string ScoringHeadName = "score";
    private const string Stage = "train";
    private const string Checkpoints = "checkpoints";
    private const string AdapterFolder = "adapter";
    private const string TrainedModelFolder = "model";
    private const string CutsFile = "ordinal_cuts.json";
    private const string TensorBoardFolder = "tensorboard";

    /// <summary>A new adapter for a recipe; null where every weight is trained. A model that lacks the scoring head that its rows need is given a new one.</summary>
    public static LoraAdapter? AdapterOf(TrainRecipe recipe, CausalLM model, PreparedRows rows)
    {
        var (options, seed, isAdapter) = (recipe.Adapter.Lora, recipe.Training.Seed, recipe.Adapter.Method == TrainedWeights.Lora);
        if (rows.Head is { } head && !model.HasScoringHead)
        {
            // An adapter can bring the head of whole answers; that of tokens has a bias, for which it has no place of its own.
            if (head.OfTokens)
                model.AddTokenScoringHead(head.Labels, seed);
            else if (isAdapter)
                options = options with { ScoringLabels = head.Labels };
            else
                model.AddScoringHead(head.Labels, seed);
        }

        if (rows.Head is not null && model.HasScoringHead && !options.Saves(ScoringHeadName))
            options = options with { SavedModules = [.. options.SavedModules, ScoringHeadName] };
        return isAdapter ? LoraAdapter.Create(model, "policy", options, seed) : null;
    }

    /// <summary>Says what cannot be written at the end, before anything is trained.</summary>
    /// <exception cref="AlidadeException">A number format, a file or what is asked for in it cannot be written.</exception>
    public static void CheckExports(TrainRecipe recipe, CausalLM model, LoraAdapter? adapter)
    {
        var export = recipe.Export;
        if (export.Gguf is not null)
        {
            model.CheckGguf(export.GgufFormat);
            if (adapter?.Replacements.ContainsKey(ScoringHeadName + ".weight") == true)
                throw new AlidadeException("export.gguf: a GGUF file has no place for the scoring head that is trained; leave it out, the run folder keeps the adapter with its head");
        }

        if (export.AdapterGguf is not null)
            GgufAdapter.Check(adapter ?? throw new AlidadeException("export.adapter_gguf: there is no adapter, since all weights are trained; take export.gguf"), model);
        foreach (var file in new[] { export.Gguf, export.AdapterGguf }.OfType<string>())
            AtomicFile.CheckWritable(file);
    }

    /// <summary>Does it.</summary>
    public TrainingReport Run()
    {
        using var adapter = AdapterOf(recipe, model, rows);
        CheckExports(recipe, model, adapter);
        var forecast = TrainingForecast.Of(known, model, adapter, rows, recipe);
        foreach (var note in forecast.RowNotes().Concat(new[] { forecast.Choice.Why }.OfType<string>()))
            Warn(note);

        // 1.
        var prompts = rows.Prompts(known.Family.TeachesAnswers ? recipe.Samples.Count : 0, Math.Max(1, model.Config.ContextLength - recipe.Samples.MaxNewTokens));
        var before = TrainingSamples.Take(run, Phases.Before, model, prompts, recipe.Samples.MaxNewTokens, progress, cancellation);

        // 2.
        var result = Train(adapter, recipe.Training with { RecomputeActivations = forecast.Choice.Recomputed }, update =>
        {
            // Those at the ends are 1. and 3. To stop here would leave an evaluation without its answers; they are few.
            if (update > 0 && update < forecast.Updates)
                TrainingSamples.Take(run, TrainingSamples.PhaseOf(update), model, prompts, recipe.Samples.MaxNewTokens, progress, CancellationToken.None);
        });

        // 3.
        using (model.Use(adapter))
        {
            var after = TrainingSamples.Take(run, Phases.After, model, prompts, recipe.Samples.MaxNewTokens, progress, cancellation);

            // 4.
            var written = WriteTrained(adapter);

            // 5. Before 6., so that what cannot be written at the end takes nothing with it.
            int[] updates = [.. result.HeldOut.Select(p => p.Update)];
            var report = Report(forecast, result, [.. TrainingSamples.Compared(run, updates, before, after), .. TrainingSamples.Rewards(run, updates, recipe.Samples.Count)]) with { Written = written };
            Keep(report);

            // 6.
            foreach (var export in Exports(adapter))
            {
                report = report with { Written = [.. report.Written, export] };
                Keep(report);
            }

            return report;
        }
    }

    private void Keep(TrainingReport report)
    {
        run.WriteArtifact(RecordFile, Json.ToNode(report)!.ToJsonString(Json.Indented));
        run.WriteArtifact(PageFile, report.ToHtml());
    }

    private TrainingResult Train(LoraAdapter? adapter, TrainingOptions options, Action<int> evaluated)
    {
        using var board = new TensorBoardLog(run.PathOf(TensorBoardFolder));
        var logged = RunLogging.ContextOf(run, Stage, Checkpoints, progress, Warn, cancellation);
        return rows.Train(adapter, options, logged with
        {
            OnStep = step =>
            {
                logged.OnStep!(step);
                board.Add(step.Update, Tagged("train/", step.Values));
            },
            OnHeldOut = point =>
            {
                logged.OnHeldOut!(point);
                board.Add(point.Update, Tagged("held-out/", new Dictionary<string, double>(point.Metrics) { ["loss"] = point.Loss }));
                evaluated(point.Update);
            },
            OnAnswers = (update, answers) => TrainingSamples.Keep(run, update, answers),
        });
    }

    private static IEnumerable<KeyValuePair<string, double>> Tagged(string group, IReadOnlyDictionary<string, double> values) => values.Select(v => KeyValuePair.Create(group + v.Key, v.Value));

    private void Warn(string warning)
    {
        // A run that is taken up again says the same of its rows.
        if (!run.Record.Warnings.Contains(warning, StringComparer.Ordinal))
            run.Update(r => r with { Warnings = [.. r.Warnings, warning] });
        warn(warning);
    }

    private string[] WriteTrained(LoraAdapter? adapter)
    {
        var folder = run.PathOf(adapter is null ? TrainedModelFolder : AdapterFolder);
        if (adapter is null)
            model.Save(folder);
        else
            PeftFolder.Save(adapter, model, folder);
        if (rows.OrdinalCuts is not { } cuts)
            return [folder];
        run.WriteArtifact(CutsFile, Json.ToNode(cuts())!.ToJsonString(Json.Indented));
        return [folder, run.PathOf(CutsFile)];
    }

    // One after the other, each told when it is whole.
    private IEnumerable<string> Exports(LoraAdapter? adapter)
    {
        if (recipe.Export.AdapterGguf is { } alone)
        {
            GgufAdapter.Save(adapter!, model, alone);
            yield return alone;
        }

        if (recipe.Export.Gguf is not { } whole)
            yield break;
        // Into the weights themselves, which are not needed any more.
        using (model.Use(null))
        {
            if (adapter is not null)
                model.Merge(adapter);
            model.SaveGguf(whole, recipe.Export.GgufFormat);
        }

        yield return whole;
    }

    private TrainingReport Report(TrainingForecast forecast, TrainingResult result, IReadOnlyList<SampleComparison> samples) => new()
    {
        Objective = known.Name,
        Meaning = known.Summary,
        Model = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Name)),
        Trained = FormattableString.Invariant($"{(forecast.IsAdapter ? "a LoRA adapter of" : "all")} {forecast.TrainedWeights:n0} weights"),
        Data = FormattableString.Invariant($"{forecast.Rows:n0} rows of {Path.GetFileName(forecast.File)}, {forecast.HeldOutRows:n0} held out; {forecast.Tokens:n0} tokens a pass, {(forecast.LearnsFromRewards ? "all of them prompts" : FormattableString.Invariant($"{forecast.ScoredTokens:n0} of them learned"))}; {forecast.Passes:0.##} {(forecast.Passes == 1 ? "pass" : "passes")} at a learning rate of {forecast.LearningRate:g3}"),
        When = DateTimeOffset.UtcNow,
        Run = Path.GetFileName(Path.GetFullPath(run.Folder)),
        Command = name,
        Recipe = RecipeText.Of(recipe, rows.Objective!),
        Updates = result.Updates,
        BestUpdate = result.BestUpdate,
        StoppedEarly = result.StoppedEarly,
        Numbers = [.. Ends(result)],
        Curves = StageCurves.From(RunLogging.Latest(run.View)),
        Warnings = [.. result.Warnings.Select(w => new ReportWarning(w.Update, w.Message, w.Source))],
        Samples = samples,
        LeftOut =
        [
            .. result.Dropped.Concat(rows.Dropped).DistinctBy(d => d.Key).Where(d => d.Value > 0).Select(d => new LeftOut(known.Name, LeftOutKind.Dropped, d.Key, d.Value)),
            .. rows.Truncated > 0 ? [new LeftOut(known.Name, LeftOutKind.Truncated, "cut to the maximum length", rows.Truncated)] : Array.Empty<LeftOut>(),
        ],
        Files = run.Record.Files,
        Cost = new(result.Tokens, result.Seconds),
        Environment = run.Record.Environment,
    };

    private IEnumerable<FirstAndLast> Ends(TrainingResult result)
    {
        if (result.HeldOut is [var first, .., var last])
            foreach (var (name, value) in first.Metrics.Append(new("loss", first.Loss)).Where(m => m.Key is not ("reward_low" or "reward_high")))
                if (RunLogging.Values(last).TryGetValue("held_out_" + name, out var end))
                {
                    var (interval, behind) = IntervalOf(name, end, last);
                    yield return new("held-out " + name.Replace('_', ' '), value, end) { Note = Ties(name, first.Metrics), LastInterval = interval, Rows = behind };
                }

        // What is known once a rollout is logged with its first update alone.
        if (result.Curve is [var begin, _, ..])
            foreach (var (name, value) in begin.Values.Where(v => v.Key is not ("tokens" or "learning_rate")))
                if (result.Curve.Last(s => s.Values.ContainsKey(name)) is var final && final != begin)
                    yield return new("training " + name.Replace('_', ' '), value, final.Values[name]) { Note = Ties(name, begin.Metrics) };
    }

    // Of a share of rows, and of a mean reward over the answers that have one.
    private (Interval? Interval, int? Rows) IntervalOf(string name, double value, HeldOutPoint point)
    {
        if (name == known.Family.ShareOfRows(rows.Objective!))
            return (Proportion.Wilson((int)Math.Round(value * rows.HeldOutRows), rows.HeldOutRows), rows.HeldOutRows);
        return name == "reward" && point.Metrics.TryGetValue("reward_low", out var low) && point.Metrics.TryGetValue("reward_high", out var high)
            ? (new(low, high, 0.95, "t"), rows.HeldOutRows - (int)point.Metrics.GetValueOrDefault("unscored")) : (null, null);
    }

    // A policy that is its reference still prefers nothing: an accuracy of 0 says that all pairs are ties, and not that all are wrong.
    private static string? Ties(string name, IReadOnlyDictionary<string, double> start) =>
        name.EndsWith("rewards_accuracy", StringComparison.Ordinal) && start.GetValueOrDefault("rewards_ties") is > 0 and var share
            ? FormattableString.Invariant($"at the start {100 * share:0.#} % of the pairs are ties, which count as wrong") : null;
}
