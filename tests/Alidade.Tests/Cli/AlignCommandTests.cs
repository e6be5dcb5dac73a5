using System.Text.Json;
using Alidade.Cli.Align;
using Alidade.Core.Data;
using Alidade.Core.Files;
using Alidade.Core.Recipes;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>The main job on models of random weights: what stages train on, what is written, and what is said when there is little to say.</summary>
public sealed class AlignCommandTests : IDisposable
{
    private const string Recipe = """
        data: { preferences: pairs.jsonl, held_out: 0.3 }
        stages:
          - objective: kto
            data: { held_out_rows: 4 }
            training: { batch_rows: 4, max_updates: 2 }
          - name: judge
            objective: reward
            training: { batch_rows: 4, max_updates: 2 }
          - objective: grpo
            reward: [ { stage: 2 }, { rule: { name: length_target, tokens: 3 }, weight: 0.5 } ]
            rollouts: { prompts: 2, samples: 2, max_new_tokens: 4 }
            training: { batch_rows: 4, max_updates: 2 }
        measures: { refusals: { file: requests.csv }, max_new_tokens: 4, distance: 4, samples: 3 }
        open: { pairs: 1, layers: 2, positions: 3 }
        """;

    private readonly TemporaryFolder folder = new();

    public AlignCommandTests()
    {
        folder.Write("pairs.jsonl", TrainRows.Of("dpo", 30));
        folder.Write("requests.csv", "id,prompt,type,label,focus,note\n" + string.Concat(Enumerable.Range(0, 48).Select(i => $"{i + 1},the cat {i},homonyms,{(i % 2 == 0 ? "safe" : "unsafe")},cat,\n")));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Stages_of_any_objective_follow_each_other_and_the_model_is_written_in_every_form()
    {
        var model = TinyModel.Write(folder.File("model"));
        var run = Align(model, Recipe + "\nexport: { merged: true, gguf: out.gguf, gguf_format: F32 }\n");
        var report = Json.ReadFile<AlignmentReport>(Path.Combine(run, "report.json"));
        Assert.Equal(["kto", "reward", "grpo"], report.Objectives);
        Assert.Equal(["1-kto", "2-judge", "3-grpo"], report.Curves.Select(c => c.Stage));
        Assert.Contains("judged by the reward model of stage 2, length_target", report.RecipeSummary[2], StringComparison.Ordinal);
        Assert.Equal(["adapter", "model", "out.gguf"], report.Written.Select(Path.GetFileName));
        Assert.All(report.Comparisons, c => Assert.NotEqual(Alidade.Core.Results.Verdict.NoDifferenceSeen, c.Verdict));
        Assert.Contains("KL divergence", report.Distance[0].Meaning, StringComparison.Ordinal);
        Assert.StartsWith("---\nbase_model: \"model\"", File.ReadAllText(Path.Combine(run, "model-card.md")), StringComparison.Ordinal);

        // Adapter on the base, merged folder and GGUF are one model; the reward model's adapter is not the policy's.
        int[] ids = [3, 40, 41, 42];
        using var whole = CausalLM.Load(model);
        using var policy = PeftFolder.Load(whole, Path.Combine(run, "adapter"));
        using var judge = PeftFolder.Load(whole, Path.Combine(run, "adapter-2-judge"));
        float[] expected;
        using (whole.Use(policy))
            expected = Alidade.Tests.Models.Adapters.Small.Logits(whole, ids);
        foreach (var written in report.Written.Skip(1))
        {
            using var other = CausalLM.Load(written);
            Alidade.Tests.Models.Adapters.Small.Close(expected, Alidade.Tests.Models.Adapters.Small.Logits(other, ids), 1e-4);
        }

        Assert.Contains("score.weight", judge.Replacements.Keys);
        Assert.DoesNotContain("score.weight", policy.Replacements.Keys);

        // What a training by itself keeps of its way, a stage keeps too.
        Assert.All((string[])["1-kto", "2-judge", "3-grpo"], stage => Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(run, "tensorboard", stage))));
        var sampled = RunView.Open(run).Samples().Where(s => s.Measure == "rewarded_answers").ToArray();
        Assert.Equal(["3-grpo.update-000000", "3-grpo.update-000002"], sampled.Select(s => s.Phase).Distinct());
        Assert.All(sampled, s => Assert.NotNull(s.Item.Score));
    }

    [Fact]
    public void Cuts_that_a_stage_learned_stand_in_the_run_and_a_stop_does_not_change_them()
    {
        var model = TinyModel.Write(folder.File("model"));
        folder.Write("graded.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "the cat {{i}}", "completion": " sat", "label": {{i % 3}}}""" + "\n")));
        var recipe = folder.Write("recipe.yaml", """
            data: { preferences: pairs.jsonl, held_out: 0.3 }
            stages:
              - { name: rubric, objective: { name: ordinal, levels: 3 }, ordinal_cuts: learned, data: { file: graded.jsonl }, training: { batch_rows: 4, max_updates: 4, checkpoint_every: 1, schedule: { learning_rate: 1e-1 } } }
              - { objective: sft, training: { batch_rows: 4, max_updates: 1 } }
            measures: { max_new_tokens: 4, samples: 0 }
            open: { pairs: 1, layers: 2, positions: 3 }
            """);
        double[] Cuts(string run) => Json.ReadFile<double[]>(Path.Combine(folder.File(run), "ordinal_cuts-1-rubric.json"));
        AlignRun.Do(new() { Model = model, Recipe = recipe, Output = folder.File("whole") }, new Collected([]), _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(2, Cuts("whole").Length);
        Assert.NotEqual(-0.5, Cuts("whole")[0], 1e-3);

        // Stopped in the stage of the cuts, and again when it is done.
        using var inside = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => AlignRun.Do(new() { Model = model, Recipe = recipe, Output = folder.File("stopped") }, new StopAt(inside, "ordinal", 2), _ => { }, inside.Token));
        using var behind = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => AlignRun.Do(new() { Resume = folder.File("stopped") }, new StopAt(behind, "sft", 1), _ => { }, behind.Token));
        Assert.Equal(Cuts("whole"), Cuts("stopped"));
        AlignRun.Do(new() { Resume = folder.File("stopped") }, new Collected([]), _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(Cuts("whole"), Cuts("stopped"));
    }

    [Fact]
    public void No_stage_trains_on_a_prompt_that_is_measured()
    {
        var model = TinyModel.Write(folder.File("model"));
        folder.Write("recipe.yaml", Recipe);
        var recipe = Alidade.Core.Recipes.Recipe.Read<AlignRecipe>(folder.File("recipe.yaml"));
        var data = AlignData.Read(recipe, folder.File, folder.File);
        using var loaded = CausalLM.Load(model);
        var stages = AlignTraining.Prepare([.. AlignStage.Read(recipe, "recipe.yaml").Select(s => s.With(recipe.Data, folder.File, folder.File, data.HeldOutPrompts))], loaded);
        var heldOut = data.Split.HeldOut.Select(p => p.Id).ToHashSet(StringComparer.Ordinal);
        Assert.NotEmpty(heldOut);
        Assert.All(stages, stage => Assert.DoesNotContain(stage.Rows.Shown(), r => heldOut.Contains(r.Id.Split('/')[0])));
        Assert.All(stages, stage => Assert.True(stage.Rows.HeldOutRows > 0, stage.Stage.Name));
        // Another file with some of the same prompts loses them, whatever its own split would be.
        var measured = data.Split.HeldOut[0].Prompt.Text;
        folder.Write("more.jsonl", string.Concat(PreferenceFile.Read(folder.File("pairs.jsonl")).Rows.Select(p => JsonSerializer.Serialize(new { prompt = p.Prompt.Text, completion = " cat" }) + "\n")));
        var more = Alidade.Core.Recipes.Recipe.Parse<AlignRecipe>("data: { preferences: pairs.jsonl, held_out: 0.3 }\nstages: [ { objective: sft, data: { file: more.jsonl } } ]", "more");
        var rows = AlignTraining.Prepare([AlignStage.Read(more, "more")[0].With(more.Data, folder.File, folder.File, data.HeldOutPrompts)], loaded)[0].Rows;
        Assert.Equal(30 - heldOut.Count, rows.Rows);
        Assert.NotNull(measured);
    }

    [Fact]
    public void Rows_that_a_stage_leaves_out_are_said_before_anything_is_measured_and_once_in_the_run()
    {
        var model = TinyModel.Write(folder.File("model"));
        folder.Write("few.jsonl", TrainRows.Of("sft", 12) + """{"prompt": "the", "completion": "an answer that is far longer than all of the others are"}""" + "\n" + """{"prompt": "the", "completion": " "}""" + "\n");
        var recipe = folder.Write("recipe.yaml", """
            data: { preferences: pairs.jsonl, held_out: 0.3 }
            stages:
              - { objective: sft, data: { file: few.jsonl, max_length: 20, max_rows: 4, drop_invalid_rows: true }, training: { batch_rows: 4, max_updates: 1 } }
              - { objective: dpo, training: { batch_rows: 4, max_updates: 1 } }
            measures: { max_new_tokens: 4, samples: 0 }
            open: { pairs: 1, layers: 2, positions: 3 }
            """);
        var said = new List<string>();
        AlignRun.Do(new() { Model = model, Recipe = recipe, Output = folder.File("run") }, new Collected(said), said.Add, TestContext.Current.CancellationToken);
        var note = Assert.Single(said, s => s.StartsWith("1-sft: ", StringComparison.Ordinal) && s.Contains(" rows left out: ", StringComparison.Ordinal));
        Assert.Contains("of 14 rows", note, StringComparison.Ordinal);
        foreach (var reason in (string[])["beyond the first 4 (data.max_rows) (", "longer than 20 tokens (1)", "empty answer in field 'completion' (1)"])
            Assert.Contains(reason, note, StringComparison.Ordinal);
        Assert.Equal(0, said.IndexOf(note));
        Assert.DoesNotContain(said, s => s.StartsWith("2-dpo: ", StringComparison.Ordinal) && s.Contains("left out", StringComparison.Ordinal));

        AlignRun.Do(new() { Resume = folder.File("run") }, new Collected(said), said.Add, TestContext.Current.CancellationToken);
        Assert.Equal(2, said.Count(s => s == note));
        Assert.Single(RunView.Open(folder.File("run")).Record.Warnings, note);
    }

    [Fact]
    public void A_stage_learns_from_answers_that_the_reward_model_of_another_finds_better_than_its_own()
    {
        var model = TinyModel.Write(folder.File("model"));
        var report = Json.ReadFile<AlignmentReport>(Path.Combine(Align(model, """
            data: { preferences: pairs.jsonl, held_out: 0.3 }
            stages:
              - { name: judge, objective: reward, training: { batch_rows: 4, max_updates: 4, schedule: { learning_rate: 1e-2 } } }
              - { objective: a_lol, reward: [ { stage: judge, weight: 0.001 }, { rule: { name: contains, text: cat } } ], values: { answers: 2, max_new_tokens: 4 }, training: { batch_rows: 4, max_updates: 2 } }
            measures: { max_new_tokens: 4, samples: 0 }
            open: { pairs: 1, layers: 2, positions: 3 }
            """), "report.json"));
        var left = Assert.Single(report.LeftOut, l => l.Reason == "no better than the model's own answers");
        Assert.Equal("2-a_lol", left.Stage);
        Assert.Contains(RunView.Open(folder.File("run")).Record.Warnings, w => w.StartsWith("2-a_lol: ", StringComparison.Ordinal) && w.Contains($"no better than the model's own answers ({left.Count})", StringComparison.Ordinal));
        Assert.Contains("judged by the reward model of stage judge", report.RecipeSummary[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{ objective: grpo, reward: { model: other }, rollouts: { prompts: 2, samples: 2, max_new_tokens: 4 }, training: { batch_rows: 4, max_updates: 1 } }", "reward")]
    [InlineData("{ objective: distillation, teacher: other, training: { batch_rows: 4, max_updates: 1 } }", "teacher")]
    [InlineData("{ objective: dpo, reference_model: other, training: { batch_rows: 4, max_updates: 1 } }", "reference")]
    public void A_model_that_a_stage_reads_beside_the_recipe_is_a_part_of_the_run(string stage, string role)
    {
        var model = TinyModel.Write(folder.File("model"));
        void WriteOther(double factor)
        {
            using var other = CausalLM.Load(model);
            using var noGrad = TorchSharp.torch.no_grad();
            if (role == "reward")
                other.AddScoringHead(1, seed: 4);
            other.Parameters["model.embed_tokens.weight"].mul_(factor);
            other.Save(folder.File("other"));
        }

        WriteOther(1.1);
        var run = Align(model, $"data: {{ preferences: pairs.jsonl, held_out: 0.3 }}\nstages: [ {stage} ]\nmeasures: {{ max_new_tokens: 4, samples: 0 }}\nopen: {{ pairs: 1, layers: 2, positions: 3 }}\n");
        var weights = folder.File("other/model.safetensors");
        Assert.Contains(RunView.Open(run).Record.Files, f => f.Role == role && f.Path == weights);
        WriteOther(1.2);
        CommandLine.Run("align", "--resume", run).IsOneLine("model.safetensors", "is not the file that the run began with");
        WriteOther(1.1);
        Assert.Equal(0, CommandLine.Run("align", "--resume", run).Code);
    }

    [Fact]
    public void A_model_that_answers_nothing_is_reported_as_such_and_nothing_is_lost()
    {
        // Without its last norm every token is equally likely, and the first of them ends the answer.
        using (var silent = CausalLM.Load(TinyModel.Write(folder.File("model"))))
        using (TorchSharp.torch.no_grad())
        {
            silent.Parameters["model.norm.weight"].zero_();
            silent.Save(folder.File("silent"));
        }

        var config = Path.Combine(folder.File("silent"), "config.json");
        var json = System.Text.Json.Nodes.JsonNode.Parse(File.ReadAllText(config))!;
        json["eos_token_id"] = 0;
        File.WriteAllText(config, json.ToJsonString());
        var run = Align(folder.File("silent"), Recipe);
        var report = Json.ReadFile<AlignmentReport>(Path.Combine(run, "report.json"));
        var refusals = Assert.Single(report.Comparisons, c => c.Name == "behaviour.refusal");
        Assert.Null(refusals.Before.Value);
        Assert.Equal(24, refusals.Before.Unscored["empty answer"]);
        Assert.Contains("no value on either side (24 empty answer)", report.ToHtml(), StringComparison.Ordinal);
        // An attack on a model that says nothing neither succeeds nor fails; words that were put into its mouth are no answer of its own.
        Assert.Equal(2, report.Attacks.Count);
        Assert.All(report.Attacks, a => Assert.True(a.Rate is { Before: { Value: null, Count: 0 }, After: { Value: null, Count: 0 }, Verdict: Alidade.Core.Results.Verdict.TooFewItems } && a.Rate.Before.Unscored.Values.Sum() == 24, a.Attack));
        Assert.Equal(24, report.Attacks[0].Rate.Before.Unscored["empty answer"]);
        Assert.All(report.Distance, d => Assert.True(d.Value is null or 0, d.Name));
        Assert.All(report.Samples.Where(s => s.Group == "Held-out prompts"), s => Assert.Equal(("", ""), (s.Before.Text, s.After.Text)));
        Assert.Contains("without a score", report.ToPlainText().Split('\n')[2], StringComparison.Ordinal);
        Assert.Equal(RunState.Done, RunView.Open(run).Record.State);
    }

    [Fact]
    public void A_run_that_cannot_write_ends_in_one_line_that_says_how_to_go_on()
    {
        var model = TinyModel.Write(folder.File("model"));
        var recipe = folder.Write("recipe.yaml", Recipe);
        var run = folder.File("run");
        // A file will stand where the adapter of the last stage belongs: it cannot be written.
        using var source = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => AlignRun.Do(new() { Model = model, Recipe = recipe, Output = run }, new StopAt(source), _ => { }, source.Token));
        File.WriteAllText(Path.Combine(run, "adapter-3-grpo"), "in the way");
        var failed = CommandLine.Run("align", "--resume", run);
        Assert.Equal(2, failed.Code);
        Assert.Contains($"what is done is kept, go on with 'alidade align --resume {run}'", failed.ErrorLines[^1], StringComparison.Ordinal);
        File.Delete(Path.Combine(run, "adapter-3-grpo"));
        Assert.Equal(0, CommandLine.Run("align", "--resume", run).Code);
        Assert.True(File.Exists(Path.Combine(run, "report.html")));
    }

    private string Align(string model, string recipe)
    {
        var result = CommandLine.Run("align", folder.Write("recipe.yaml", recipe), "--model", model, "--out", folder.File("run"));
        Assert.True(result.Code == 0, result.Error);
        return folder.File("run");
    }

    private sealed class Collected(List<string> said) : IProgress<Alidade.Core.Progress>
    {
        public void Report(Alidade.Core.Progress value) => said.Add("progress: " + value.Task);
    }

    private sealed class StopAt(CancellationTokenSource source, string? task = null, int done = 0) : IProgress<Alidade.Core.Progress>
    {
        public void Report(Alidade.Core.Progress value)
        {
            if (task is null || (string.Equals(value.Task, task, StringComparison.OrdinalIgnoreCase) && value.Done >= done))
                source.Cancel();
        }
    }
}
