using Alidade.Cli.Align;
using Alidade.Core;
using Alidade.Core.Recipes;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Training.Jobs;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Cli;

/// <summary>Whether the stages of the main job compute activations again.</summary>
public sealed class AlignMemoryTests
{
    [Theory]
    [InlineData(long.MaxValue, "", null, false)]
    [InlineData(0L, "", "even with activations computed again: it may be killed", true)]
    [InlineData(0L, ", recompute_activations: false", "with training.recompute_activations false: it may be killed", false)]
    [InlineData(long.MaxValue, ", recompute_activations: true", null, true)]
    public void A_stage_chooses_by_the_free_memory_and_says_so_once_in_the_run_and_to_the_person(long available, string asked, string? why, bool recomputed)
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", TrainRows.Of("dpo", 12));
        var recipe = Recipe.Parse<AlignRecipe>($$"""
            data: { preferences: pairs.jsonl, held_out: 0.3 }
            stages:
              - { objective: dpo, training: { batch_rows: 4, max_updates: 1{{asked}} } }
              - { objective: reward, name: judge, training: { batch_rows: 4, max_updates: 1{{asked}} } }
            """, "recipe");
        var data = AlignData.Read(recipe, folder.File, folder.File);
        using var model = CausalLM.Load(TinyModel.Write(folder.File("model")));
        var stages = AlignTraining.Prepare([.. AlignStage.Read(recipe, "recipe").Select(s => s.With(recipe.Data, folder.File, folder.File, data.HeldOutPrompts))], model);
        Watched[] watched = [.. stages.Select(s => new Watched(s.Rows))];
        using var run = RunFolder.Create(folder.File("run"), new() { Command = "align", Environment = RunEnvironment.Here(1) });
        var told = new List<string>();
        using var adapter = new AlignTraining(run, recipe, data, [.. stages.Zip(watched, (s, w) => s with { Rows = w })], model, new Progress<Progress>(), told.Add, TestContext.Current.CancellationToken) { Available = available }.Train();
        Assert.All(watched, w => Assert.Equal(recomputed, w.Seen!.RecomputeActivations));
        string[] memory = [.. told.Where(t => t.Contains("memory:", StringComparison.Ordinal))];
        Assert.Equal(memory, run.Record.Warnings.Where(t => t.Contains("memory:", StringComparison.Ordinal)));
        if (why is null)
            Assert.Empty(memory);
        else
            Assert.Collection(
                memory,
                first => Assert.Contains(why, first[first.IndexOf("1-dpo: memory: 0.0 GB are free", StringComparison.Ordinal)..], StringComparison.Ordinal),
                second => Assert.Contains(why, second[second.IndexOf("2-judge: memory: 0.0 GB are free", StringComparison.Ordinal)..], StringComparison.Ordinal));
        foreach (var stage in stages)
            stage.Dispose();
    }

    [Fact]
    public void A_stage_that_fits_only_so_computes_its_activations_again()
    {
        using var folder = new TemporaryFolder();
        folder.Write("pairs.jsonl", TrainRows.Of("dpo", 12));
        var recipe = Recipe.Parse<AlignRecipe>("data: { preferences: pairs.jsonl, held_out: 0.3 }\nstages: [ { objective: dpo, training: { batch_rows: 4, max_updates: 1 } } ]", "recipe");
        var data = AlignData.Read(recipe, folder.File, folder.File);
        using var model = CausalLM.Load(TinyModel.Write(folder.File("model"), layers: 4));
        using var stage = AlignTraining.Prepare([AlignStage.Read(recipe, "recipe")[0].With(recipe.Data, folder.File, folder.File, data.HeldOutPrompts)], model)[0];
        using var shape = LoraAdapter.Create(model, "policy", recipe.Adapter, recipe.Seed);
        long OnTop(bool recomputed) => TrainingForecast.Of(
            stage.Stage.Known, model, shape, stage.Rows, stage.Stage.Settings with { Training = stage.Stage.Settings.Training with { RecomputeActivations = recomputed } }, long.MaxValue).Memory.OnTop;
        // A fifth more than the estimate is asked for.
        var between = (long)(1.2 * ((double)OnTop(true) + OnTop(false)) / 2);
        var watched = new Watched(stage.Rows);
        using var run = RunFolder.Create(folder.File("run"), new() { Command = "align", Environment = RunEnvironment.Here(1) });
        var told = new List<string>();
        using var adapter = new AlignTraining(run, recipe, data, [stage with { Rows = watched }], model, new Progress<Progress>(), told.Add, TestContext.Current.CancellationToken) { Available = between }.Train();
        Assert.True(watched.Seen!.RecomputeActivations);
        Assert.Contains("all activations kept: they are computed again", Assert.Single(told, t => t.StartsWith("1-dpo: memory:", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(run.Record.Warnings, w => w.Contains("they are computed again", StringComparison.Ordinal));
    }

    /// <summary>Rows that remember how they were trained on.</summary>
    private sealed class Watched : PreparedRows
    {
        private readonly PreparedRows rows;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Watched(PreparedRows rows)
        {
            this.rows = rows;
            (File, Dropped, Truncated, Head, LeastRows) = (rows.File, rows.Dropped, rows.Truncated, rows.Head, rows.LeastRows);
        }

        public TrainingOptions? Seen { get; private set; }

        public override int Rows => rows.Rows;

        public override int HeldOutRows => rows.HeldOutRows;

        public override TrainingResult Train(LoraAdapter? adapter, TrainingOptions options, TrainingContext context) => rows.Train(adapter, Seen = options, context);

        public override PreparedRows Typical(int count) => rows.Typical(count);

        public override IEnumerable<ShownRow> Shown() => rows.Shown();

        protected override IEnumerable<ShownRow> HeldOutShown() => [];
    }
}
