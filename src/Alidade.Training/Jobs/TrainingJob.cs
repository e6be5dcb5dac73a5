using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Catalogue;
using Alidade.Training.Data;
using Alidade.Training.Trainers;

namespace Alidade.Training.Jobs;

/// <summary>
/// One training inside of a run folder: (0) what its rows are worth, where the model must be asked, (1) what the model answers now, (2) the training, which goes on from its newest checkpoint, with answers at its evaluations, (3) what it answers then,
/// (4) adapter or model written, (5) the report, (6) what else was asked for is written. Of an ensemble the members are trained, asked for the held-out rows and written one after the
/// other, and a reward model answers nothing, so that (2), (4) and (5) are all. A run that was stopped, killed or could not write does what is missing.
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

    private PreparedRows rows = rows;

    private const string ScoringHeadName = "score";
    private const string Stage = "train";
    private const string Checkpoints = "checkpoints";
    private const string AdapterFolder = "adapter";
    private const string TrainedModelFolder = "model";

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
    public TrainingReport Run() => recipe.Members > 1 ? RunMembers() : RunOne();

    private TrainingReport RunOne()
    {
        using var adapter = AdapterOf(recipe, model, rows);
        CheckExports(recipe, model, adapter);

        // 0.
        rows = rows.Rewarded(new(adapter, run, Stage, progress, cancellation));
        var forecast = Forecast(adapter);

        // 1.
        var prompts = rows.Prompts(known.Family.TeachesAnswers ? recipe.Samples.Count : 0, Math.Max(1, model.Config.ContextLength - recipe.Samples.MaxNewTokens));
        var before = TrainingSamples.Take(run, Phases.Before, model, prompts, recipe.Samples.MaxNewTokens, progress, cancellation);

        // 2.
        var result = Train(adapter, recipe.Training with { RecomputeActivations = forecast.Choice.Recomputed }, member: null, update =>
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
            var report = Summary.Of(forecast, [new(null, result)], [.. TrainingSamples.Compared(run, updates, before, after), .. TrainingSamples.Rewards(run, updates, recipe.Samples.Count)]) with { Written = written };
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

    // One that was done before a stop ends at its last checkpoint at once.
    private TrainingReport RunMembers()
    {
        var results = new List<MemberResult>();
        TrainingForecast? forecast = null;
        var readings = new EnsembleReadings(model, ((PreparedRows<RewardTokens>)rows).Parts.HeldOut, recipe.Training.BatchRows);
        foreach (var member in EnsembleMember.Of(recipe.Members, recipe.Training.Seed))
        {
            using var adapter = AdapterOf(recipe with { Training = recipe.Training with { Seed = member.Seed } }, model, rows);
            forecast ??= Forecast(adapter);

            // 2.
            results.Add(new(member.Name, Train(adapter, recipe.Training with { Seed = member.Seed, RecomputeActivations = forecast.Choice.Recomputed }, member.Name)));
            readings.Add(adapter!, cancellation);

            // 4.
            PeftFolder.Save(adapter!, model, Path.Combine(run.PathOf(AdapterFolder), member.Name));
        }

        EnsembleFolder.Seal(run.PathOf(AdapterFolder), results.Select(r => r.Member!));

        // 5.
        var report = Summary.Of(forecast!, results, []) with { Readings = readings.Measured(), Written = [run.PathOf(AdapterFolder)] };
        Keep(report);
        return report;
    }

    private TrainingReports Summary => new(run, name, recipe, known, rows, model);

    private TrainingForecast Forecast(LoraAdapter? adapter)
    {
        var forecast = TrainingForecast.Of(known, model, adapter, rows, recipe);
        foreach (var note in forecast.RowNotes().Concat(new[] { forecast.Choice.Why }.OfType<string>()))
            Warn(note);
        return forecast;
    }

    private void Keep(TrainingReport report)
    {
        run.WriteArtifact(RecordFile, Json.ToNode(report)!.ToJsonString(Json.Indented));
        run.WriteArtifact(PageFile, report.ToHtml());
    }

    private TrainingResult Train(LoraAdapter? adapter, TrainingOptions options, string? member, Action<int>? evaluated = null)
    {
        using var board = RunLogging.BoardOf(run, member);
        var logged = member is null ? RunLogging.ContextOf(run, Stage, Checkpoints, board, progress, Warn, cancellation)
            : RunLogging.ContextOf(run, $"{Stage} {member}", Path.Combine(Checkpoints, member), board, new Named(member, progress), warning => Warn($"{member}: {warning}"), cancellation);
        return rows.Train(adapter, options, logged with
        {
            OnHeldOut = point =>
            {
                logged.OnHeldOut!(point);
                evaluated?.Invoke(point.Update);
            },
            OnAnswers = (update, answers) => TrainingSamples.Keep(run, TrainingSamples.PhaseOf(update), answers),
        });
    }

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
        return [folder, .. rows.WriteBeside(run, part: null)];
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

    private sealed class Named(string member, IProgress<Progress> progress) : IProgress<Progress>
    {
        public void Report(Progress value) => progress.Report(value with { Task = $"{value.Task} {member}" });
    }
}
