using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Jobs;
using Alidade.Training.Trainers;

namespace Alidade.Cli.Align;

/// <summary>What a stage of training gave, as the run keeps it.</summary>
/// <param name="Stage">Name, such as "1-sft".</param>
/// <param name="Result">The trainer's result.</param>
internal sealed record StageResult(string Stage, TrainingResult Result);

/// <summary>A stage with its rows as tokens.</summary>
internal sealed record PreparedStage(AlignStage Stage, PreparedRows Rows) : IDisposable
{
    /// <summary>What a person should know of its rows before any work begins, a line each.</summary>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <inheritdoc/>
    public void Dispose() => Rows.Dispose();
}

/// <summary>
/// The stages of a recipe. Those that train the policy follow each other on one adapter; a reward model is trained on an adapter of its own, which later stages name as
/// their reward. Activations are computed again where a stage would not fit into memory otherwise, as <c>alidade train</c> does. After each stage its adapter is saved, with what was learned beside it, and a training that was broken off goes on from its newest checkpoint.
/// </summary>
internal sealed class AlignTraining(
    RunFolder run, AlignRecipe recipe, AlignData data, IReadOnlyList<PreparedStage> stages, CausalLM model, IProgress<Progress> progress, Action<string> warn, CancellationToken cancellation)
{
    /// <summary>Bytes of main memory that a training can take; null to look.</summary>
    public long? Available { get; init; }

    /// <summary>Ids of the pairs whose answers a stage learns as text. Which of a stage's answers a reward will leave is not known before; those count for none.</summary>
    public IReadOnlySet<string> LearnedPairs => stages.Where(s => s.Stage.Known.Family is { TeachesAnswers: true, LearnsFromRewards: false } && !s.Rows.AwaitsRewards && s.Rows.File.Path == data.Pairs.File.Path)
        .SelectMany(s => s.Rows.Shown()).Select(r => r.Id.EndsWith("/chosen", StringComparison.Ordinal) ? r.Id[..^"/chosen".Length] : r.Id).ToHashSet(StringComparer.Ordinal);

    /// <summary>Reads the rows of every stage and checks its settings; nothing is trained.</summary>
    /// <exception cref="AlidadeException">A file, a row or a setting cannot be used; the stage is named.</exception>
    public static IReadOnlyList<PreparedStage> Prepare(IReadOnlyList<AlignStage> stages, CausalLM model) => [.. stages.Select(stage =>
    {
        try
        {
            var rows = RowsOf(stage.WithoutStages(), model);
            // What an earlier stage trains is not there yet.
            if (!stage.NeedsStage)
                rows.CheckWhole();
            using var adapter = TrainingJob.AdapterOf(stage.Settings, model, rows);
            return new PreparedStage(stage, rows) { Notes = TrainingForecast.Of(stage.Known, model, adapter, rows, stage.Settings).RowNotes() };
        }
        catch (AlidadeException exception)
        {
            throw new AlidadeException($"stage {stage.Name}: {exception.Message}", exception);
        }
    })];

    /// <summary>The files of every stage with their hashes: its rows, and the models that it reads besides the one it trains. Those that an earlier stage writes are the run's own.</summary>
    public static IEnumerable<HashedFile> FilesOf(IEnumerable<PreparedStage> stages) => stages.SelectMany(s => s.Rows.Files);

    /// <summary>Says of every stage which rows are left out and why, and what else there is to know of them.</summary>
    public void TellOfRows()
    {
        foreach (var stage in stages)
            foreach (var note in stage.Notes)
                Warn(stage.Stage, note);
    }

    /// <summary>Trains what is not trained yet.</summary>
    /// <returns>The adapter of the aligned model.</returns>
    public LoraAdapter Train()
    {
        var policy = Policy();
        try
        {
            foreach (var stage in stages)
                run.Once("train." + stage.Stage.Name, () => Train(stage, policy));
            return policy;
        }
        catch
        {
            policy.Dispose();
            throw;
        }
    }

    /// <summary>Folder of a stage's adapter.</summary>
    private string FolderOf(AlignStage stage) => run.PathOf("adapter-" + stage.Name);

    private StageResult Train(PreparedStage prepared, LoraAdapter policy)
    {
        var stage = prepared.Stage;
        var settled = stage.With([.. stages.Select(s => s.Stage)], FolderOf);
        // The reward model of an earlier stage is there by now.
        using var late = stage.NeedsStage ? RowsOf(settled, model) : null;
        var rows = (late ?? prepared.Rows).Rewarded(new(policy, run, stage.Name, progress, cancellation));
        using var own = stage.TrainsReward ? TrainingJob.AdapterOf(stage.Settings, model, rows) : null;
        using var board = RunLogging.BoardOf(run, stage.Name);
        var context = RunLogging.ContextOf(run, stage.Name, "checkpoints-" + stage.Name, board, progress, warning => Warn(stage, warning), cancellation) with
        {
            OnAnswers = (update, answers) => TrainingSamples.Keep(run, $"{stage.Name}.{TrainingSamples.PhaseOf(update)}", answers),
        };
        // What is free is looked at now: the stages before, and what was measured, left their mark.
        var forecast = TrainingForecast.Of(stage.Known, model, own ?? policy, rows, stage.Settings, Available);
        var choice = forecast.Choice;
        foreach (var note in (prepared.Rows.AwaitsRewards ? forecast.RowNotes() : []).Concat(new[] { choice.Why }.OfType<string>()))
            Warn(stage, note);
        var result = rows.Train(own ?? policy, stage.Settings.Training with { RecomputeActivations = choice.Recomputed }, context);
        PeftFolder.Save(own ?? policy, model, FolderOf(stage));
        rows.WriteBeside(run, stage.Name);
        return new(stage.Name, prepared.Rows.AwaitsRewards ? result with { Dropped = rows.Dropped } : result);
    }

    private void Warn(AlignStage stage, string warning)
    {
        var told = $"{stage.Name}: {warning}";
        // A run that is taken up again says the same of its rows.
        if (!run.Record.Warnings.Contains(told, StringComparer.Ordinal))
            run.Update(r => r with { Warnings = [.. r.Warnings, told] });
        warn(told);
    }

    private LoraAdapter Policy() => stages.Select(s => s.Stage).LastOrDefault(s => !s.TrainsReward && run.IsDone("train." + s.Name)) is { } last
        ? PeftFolder.Load(model, FolderOf(last))
        : LoraAdapter.Create(model, "policy", recipe.Adapter, recipe.Seed);

    private static PreparedRows RowsOf(AlignStage stage, CausalLM model) => stage.Known.Family.Prepare(new(model, stage.Objective, stage.Settings));
}
