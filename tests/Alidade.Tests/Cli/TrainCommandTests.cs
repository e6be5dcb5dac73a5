using System.Text.Json.Nodes;
using Alidade.Cli.Train;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Weights;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Encoders;
using Alidade.Training.Catalogue;
using TorchSharp;

namespace Alidade.Tests.Cli;

public sealed class TrainCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public TrainCommandTests() => model = TinyModel.Write(folder.File("model"));

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("sft")]
    [InlineData("dpo")]
    public void A_training_writes_a_run_that_can_be_read_reported_and_used(string objective)
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of(objective, 30));
        var run = folder.File("run");
        var gguf = folder.File("whole.gguf");
        var result = CommandLine.Run("train", objective, "--model", model, "--data", data, "--out", run, "--gguf", gguf, "--set", "learning_rate=1e-2", "batch_rows=4", "epochs=3", "rank=4", "samples.max_new_tokens=4");
        Assert.True(result.Code == 0, result.Error);
        Assert.Matches(@"held-out loss +\S+ → \S+", result.Output);
        Assert.Contains($"report: {Path.Combine(run, "report.html")}", result.Output, StringComparison.Ordinal);
        foreach (var artifact in (string[])["run.json", "events.jsonl", "samples.jsonl", "report.json", "report.html", "adapter/adapter_model.safetensors"])
            Assert.True(File.Exists(Path.Combine(run, artifact)), artifact);
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(run, "tensorboard")));
        Assert.NotEmpty(Directory.EnumerateDirectories(Path.Combine(run, "checkpoints"), "step-*"));

        var record = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!;
        Assert.Equal("done", (string)record["state"]!);
        Assert.Contains(record["files"]!.AsArray(), f => (string)f!["path"]! == data);
        var report = JsonNode.Parse(CommandLine.Run("report", run, "--json").Output)!;
        Assert.Equal(objective, (string)JsonNode.Parse((string)report["recipe"]!)!["objective"]!["name"]!);
        // Tokens of a row are not independent: their share has its rows, and no interval.
        if (objective == "sft")
            Assert.Matches(@"held-out token accuracy +\S+ → \S+ +\(3.rows\)", result.Output);
        // A policy that is its reference still prefers nothing, which is no accuracy of 0.
        if (objective == "dpo")
            Assert.Matches(@"held-out rewards accuracy +0 → \S+ +\(95\u00A0% interval \S+\u00A0to\u00A0\S+, 3 rows; at the start 100 % of the pairs are ties, which count as wrong\)", result.Output);
        var loss = report["numbers"]!.AsArray().Single(n => (string)n!["name"]! == "held-out loss")!;
        Assert.True((double)loss["last"]! < (double)loss["first"]!, loss.ToJsonString());
        Assert.NotEmpty(report["samples"]!.AsArray());
        Assert.Contains("How training went", File.ReadAllText(Path.Combine(run, "report.html")), StringComparison.Ordinal);

        // What was written is the trained model: alone, and as an adapter on the base.
        using var whole = CausalLM.Load(gguf);
        using var merged = CausalLM.Load(model);
        using var adapter = PeftFolder.Load(merged, Path.Combine(run, "adapter"));
        merged.Merge(adapter);
        foreach (var (name, value) in merged.Parameters)
            Assert.True((value - whole.Parameters[name]).abs().max().ToDouble() < 2e-3, name);
    }

    [Theory]
    [InlineData("sft")]
    [InlineData("dpo")]
    [InlineData("reward")]
    public void What_the_model_cannot_read_is_left_out_whatever_the_maximum_length(string objective)
    {
        // The tiny model reads 32 tokens, the default maximum length is 1024.
        var words = string.Concat(Enumerable.Repeat(" the cat sat on", 12));
        var row = objective == "sft" ? $$"""{"prompt": "a", "completion": "{{words}}"}""" : $$"""{"prompt": "a", "chosen": "{{words}}", "rejected": " b"}""";
        var data = folder.Write("rows.jsonl", TrainRows.Of(objective, 12) + row + "\n");
        string[] line = ["train", objective, "--model", model, "--data", data, "--set", "max_updates=4", "batch_rows=4", "rank=2"];
        var plan = CommandLine.Run([.. line, "--dry-run"]);
        Assert.True(plan.Code == 0, plan.Error);
        Assert.Contains("dropped 1: longer than the model's context of 32 tokens", plan.Output, StringComparison.Ordinal);
        var result = CommandLine.Run([.. line, "--out", folder.File("run")]);
        Assert.True(result.Code == 0, result.Error);
        if (objective == "sft")
            Assert.Contains("1 cut to the maximum length", CommandLine.Run([.. line, "too_long=cut", "--dry-run"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_answer_of_another_row_is_cut_to_what_the_model_reads()
    {
        // Each row fits into the context of 32 tokens; the long prompt with the long answer does not.
        string Row(string prompt, string answer, bool label) => $$"""{"prompt": "{{prompt}}", "completion": "{{answer}}", "label": {{(label ? "true" : "false")}}}""" + "\n";
        var words = string.Concat(Enumerable.Repeat(" the cat sat on", 3));
        var data = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 4).Select(i => Row($"{i}{words}", " dog", true) + Row($"dog {i}", words, false))));
        string[] line = ["train", "kto", "--model", model, "--data", data, "--set", "batch_rows=8", "held_out=0", "rank=2", "samples.count=0"];
        var plan = JsonNode.Parse(CommandLine.Run([.. line, "--dry-run", "--json"]).Output)!;
        Assert.InRange((int)plan["longest_row"]!, 20, 32);
        Assert.Equal(8, (int)plan["rows"]!);
        var result = CommandLine.Run([.. line, "--out", folder.File("run")]);
        Assert.True(result.Code == 0, result.Error);
    }

    [Fact]
    public void Answers_at_each_evaluation_stand_in_the_report_and_change_no_weight()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("dpo", 20));
        string[] Line(string run, int samples) => ["train", "dpo", "--model", model, "--data", data, "--threads", "1", "--out", folder.File(run), "--set", "max_updates=3", "batch_rows=4", "evaluate_every=1", "rank=2", "learning_rate=1e-1", $"samples.count={samples}", "samples.max_new_tokens=4"];
        var result = CommandLine.Run(Line("run", 2));
        Assert.True(result.Code == 0, result.Error);
        Assert.Equal(0, CommandLine.Run(Line("silent", 0)).Code);
        Assert.Equal(File.ReadAllBytes(folder.File("silent/adapter/adapter_model.safetensors")), File.ReadAllBytes(folder.File("run/adapter/adapter_model.safetensors")));
        var samples = JsonNode.Parse(File.ReadAllText(folder.File("run/report.json")))!["samples"]!.AsArray();
        Assert.Equal(2, samples.Count);
        Assert.All(samples, s => Assert.Equal(["after update 1", "after update 2"], s!["between"]!.AsArray().Select(b => (string)b!["when"]!)));
        // They are those of the weights as they were: at this rate no two are alike.
        Assert.Contains(samples, s => s!["between"]!.AsArray().Select(b => (string)b!["side"]!["text"]!).Append((string)s["before"]!["text"]!).Append((string)s["after"]!["text"]!).Distinct().Count() > 2);
        Assert.Contains("On the way: 2 answers", File.ReadAllText(folder.File("run/report.html")), StringComparison.Ordinal);
        Assert.Equal(["before", "update-000001", "update-000002", "after"], File.ReadLines(folder.File("run/samples.jsonl")).Select(l => (string)JsonNode.Parse(l)!["phase"]!).Distinct());
    }

    [Fact]
    public void What_is_left_out_is_said_before_training_begins_and_once_in_the_run()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("sft", 20) + """{"prompt": "a", "completion": ""}""" + "\n" + """{"prompt": "the", "completion": "an answer that is far longer than all of the others"}""" + "\n");
        var run = folder.File("run");
        var result = CommandLine.Run("train", "sft", "--model", model, "--data", data, "--out", run, "--set", "drop_invalid_rows=true", "max_length=20", "max_rows=12", "held_out_rows=1", "max_updates=1", "rank=2", "samples.count=0");
        Assert.True(result.Code == 0, result.Error);
        const string Said = "left out: beyond the first 12 (data.max_rows) (";
        var line = Array.FindIndex([.. result.ErrorLines], l => l.Contains(Said, StringComparison.Ordinal));
        Assert.StartsWith("warning: ", result.ErrorLines[line], StringComparison.Ordinal);
        Assert.Contains("of 22 rows", result.ErrorLines[line], StringComparison.Ordinal);
        Assert.Contains("empty answer in field 'completion' (1)", result.ErrorLines[line], StringComparison.Ordinal);
        Assert.Contains("longer than 20 tokens (1)", result.ErrorLines[line], StringComparison.Ordinal);
        Assert.Contains("held out beyond the first 1 (data.held_out_rows) (", result.ErrorLines[line], StringComparison.Ordinal);
        Assert.True(line < Array.FindIndex([.. result.ErrorLines], l => l.Contains("SFT", StringComparison.Ordinal)));
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        Assert.Single(JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!["warnings"]!.AsArray(), w => ((string)w!).Contains(Said, StringComparison.Ordinal));
    }

    [Fact]
    public void Curves_have_every_update_those_too_after_which_held_out_rows_were_evaluated()
    {
        var run = folder.File("run");
        var result = CommandLine.Run("train", "sft", "--model", model, "--data", folder.Write("rows.jsonl", TrainRows.Of("sft", 12)), "--out", run, "--set", "max_updates=3", "batch_rows=4", "evaluate_every=1", "rank=2", "samples.count=0");
        Assert.True(result.Code == 0, result.Error);
        var report = JsonNode.Parse(CommandLine.Run("report", run, "--json").Output)!;
        var loss = report["curves"]![0]!["panels"]!.AsArray().Single(p => (string)p!["title"]! == "loss")!["lines"]!.AsArray();
        Assert.Equal(["training", "held-out"], loss.Select(l => (string)l!["name"]!));
        Assert.Equal([[1, 2, 3], [0, 1, 2, 3]], loss.Select(l => l!["points"]!.AsArray().Select(p => (int)p!["step"]!).ToArray()));
    }

    [Theory]
    [InlineData("kto", """{"prompt": "the cat PLACE", "completion": " sat", "label": true}""")]
    [InlineData("rrhf", """{"prompt": "the cat PLACE", "completions": [" sat", " log", " mat"], "scores": [3, 1, 2]}""")]
    [InlineData("reward", """{"prompt": "the cat PLACE", "chosen": " sat", "rejected": " log"}""")]
    [InlineData("classification", """{"prompt": "the cat PLACE", "completion": " sat", "label": 1}""")]
    [InlineData("prm", """{"prompt": "the cat PLACE", "completions": ["sat", "log"], "labels": [true, false]}""")]
    [InlineData("weighted_sum", """{"prompt": "the cat PLACE", "chosen": " sat", "rejected": " log"}""")]
    public void Every_family_trains_and_goes_on(string objective, string row)
    {
        var data = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => row.Replace("PLACE", $"{i}", StringComparison.Ordinal).Replace("\"label\": true", i % 2 == 0 ? "\"label\": true" : "\"label\": false", StringComparison.Ordinal) + "\n")));
        var run = folder.File("run");
        var result = CommandLine.Run("train", objective, "--model", model, "--data", data, "--out", run, "--set", "max_updates=3", "batch_rows=4", "rank=2");
        Assert.True(result.Code == 0, result.Error);
        var weights = File.ReadAllBytes(Path.Combine(run, "adapter", "adapter_model.safetensors"));
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(run, "adapter", "adapter_model.safetensors")));
    }

    [Theory]
    [InlineData("hindsight", """{"prompt": "the cat PLACE", "chosen": " sat", "rejected": " log"}""")]
    [InlineData("refinement", """{"prompt": "the cat PLACE", "answer": " log", "refinement": " sat"}""")]
    [InlineData("refine", """{"prompt": "the cat PLACE", "answer": " log", "feedback": "no", "refinement": " sat"}""")]
    [InlineData("edits", """{"prompt": "the cat PLACE", "answer": " log", "refinement": " sat"}""")]
    public void Demonstrations_are_made_of_pairs_and_refinements(string form, string row)
    {
        var data = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 12).Select(i => row.Replace("PLACE", $"{i}", StringComparison.Ordinal) + "\n")));
        var run = folder.File("run");
        var result = CommandLine.Run("train", "sft", "--model", TinyModel.Write(folder.File("wide"), context: 256), "--data", data, "--out", run, "--set", $"data.form={form}", "max_updates=2", "batch_rows=4", "rank=2", "samples.count=0");
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("rows of rows.jsonl", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Bco_weighs_unwanted_answers_by_an_encoder_of_prompts()
    {
        folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 20).Select(i => $$"""{"prompt": "the {{(i % 4 < 2 ? "cat" : "dog")}} {{i}}", "completion": " sat", "label": {{(i % 4 is 0 or 1 or 2 ? "true" : "false")}}}""" + "\n")));
        TinyWords.WriteSentences(folder.File("sentences"));
        string Events(string more)
        {
            var run = folder.File(Guid.NewGuid().ToString("N"));
            var result = CommandLine.Run("train", folder.Write("recipe.yaml", $"objective: bco\ndata: rows.jsonl\n{more}\ntraining: {{ max_updates: 2, batch_rows: 8 }}\nadapter: {{ lora: {{ rank: 2 }} }}\nsamples: {{ count: 0 }}\n"), "--model", model, "--out", run);
            Assert.True(result.Code == 0, result.Error);
            Assert.Equal(more.Length > 0, File.ReadAllText(Path.Combine(run, "run.json")).Contains("prompt encoder", StringComparison.Ordinal));
            return string.Join(' ', File.ReadLines(Path.Combine(run, "events.jsonl")).Select(l => JsonNode.Parse(l)!["values"]!["loss"]?.ToJsonString()));
        }

        Assert.NotEqual(Events(""), Events("prompt_encoder: sentences"));
    }

    [Fact]
    public void The_cuts_of_a_rubric_are_learned_and_kept_where_that_is_wanted()
    {
        var data = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "the cat {{i}}", "completion": " sat", "label": {{i % 3}}}""" + "\n")));
        var run = folder.File("run");
        var result = CommandLine.Run("train", "ordinal", "--model", model, "--data", data, "--out", run, "--set", "ordinal_cuts=learned", "objective.levels=3", "max_updates=4", "batch_rows=4", "rank=2", "learning_rate=1e-1");
        Assert.True(result.Code == 0, result.Error);
        var cuts = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "ordinal_cuts.json")))!.AsArray().Select(c => (double)c!).ToArray();
        Assert.Equal(2, cuts.Length);
        Assert.True(cuts[0] < cuts[1]);
        Assert.NotEqual(-0.5, cuts[0], 1e-3);
        // What a resumed run ends with is what it ended with.
        File.Delete(Path.Combine(run, "ordinal_cuts.json"));
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        Assert.Equal(cuts, JsonNode.Parse(File.ReadAllText(Path.Combine(run, "ordinal_cuts.json")))!.AsArray().Select(c => (double)c!));
    }

    [Theory]
    [InlineData("kto", "kept 12: wanted answers alone: none is labelled false")]
    [InlineData("cringe", "kept 12: rows to imitate alone: none is labelled false, so that nothing is unlearned")]
    public void A_file_that_teaches_one_side_alone_is_told(string objective, string told)
    {
        string Plan(string more) => CommandLine.Run("train", objective, "--model", model, "--dry-run", "--data", folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "the cat {{i}}", "completion": " sat", "label": true}""" + "\n")) + more)).Output;
        Assert.Contains(told, Plan(""), StringComparison.Ordinal);
        Assert.DoesNotContain("is labelled false", Plan("""{"prompt": "the dog", "completion": " sat", "label": false}""" + "\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("reward", "{prompt, chosen, rejected}")]
    [InlineData("reward_all_pairs", "{prompt, completions, scores}")]
    [InlineData("cost_model", "is_response_0_safe")]
    [InlineData("ordinal", "{prompt, completion, label}")]
    [InlineData("outcome", "the label 1 or true for a right one")]
    [InlineData("prm", "{prompt, completions, labels}")]
    public void The_rows_of_an_objective_are_told_field_by_field(string objective, string fields) =>
        Assert.Contains(fields, string.Join(' ', CommandLine.Run("train", "--list", objective).Output.Split((char[])['\n', ' '], StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);

    [Fact]
    public void An_export_that_fails_at_the_end_loses_nothing()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("sft", 12));
        var (run, target) = (folder.File("run"), folder.File("out/whole.gguf"));
        Directory.CreateDirectory(folder.File("out"));
        // What stands in its way is put there while training runs.
        var request = new TrainRequest
        {
            CommandLine = "alidade train",
            Recipe = $"objective: sft\nmodel: {model}\ndata: {data}\nexport: {{ gguf: {target} }}\ntraining: {{ max_updates: 2, batch_rows: 4 }}\nadapter: {{ lora: {{ rank: 2 }} }}\n",
            RecipeName = "recipe.yaml",
            Folder = folder.Path,
        };
        Assert.Throws<AlidadeException>(() => TrainRun.Begin(request, run, new Obstacle(target), _ => { }, TestContext.Current.CancellationToken));
        var report = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "report.json")))!;
        Assert.Equal(Path.Combine(run, "adapter"), (string)Assert.Single(report["written"]!.AsArray())!);
        Directory.Delete(target);
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        Assert.True(File.Exists(target));
    }

    private sealed class Obstacle(string path) : IProgress<Progress>
    {
        public void Report(Progress value) => Directory.CreateDirectory(path);
    }

    [Fact]
    public void All_weights_are_trained_where_no_adapter_is_wanted_and_a_finished_run_can_be_taken_up_again()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("sft", 20));
        var run = folder.File("run");
        var result = CommandLine.Run("train", "sft", "--model", model, "--data", data, "--adapter", "none", "--out", run, "--set", "max_updates=4", "batch_rows=4", "samples.count=0");
        Assert.True(result.Code == 0, result.Error);
        var weights = File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors"));
        Assert.NotEqual(File.ReadAllBytes(Path.Combine(model, "model.safetensors")), weights);
        Assert.Equal(0, CommandLine.Run("train", "--resume", run).Code);
        Assert.Equal(weights, File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors")));
    }

    [Fact]
    public void A_recipe_says_the_same_as_the_command_line_and_the_command_line_wins()
    {
        folder.Write("rows.jsonl", TrainRows.Of("dpo", 12));
        var recipe = folder.Write("recipe.yaml", """
            objective: { name: dpo, beta: 0.3 }
            data: rows.jsonl
            adapter: { method: lora, lora: { rank: 2, alpha: 4 } }
            training: { max_updates: 2, batch_rows: 2, schedule: { learning_rate: 1e-3 } }
            samples: { count: 1, max_new_tokens: 2 }
            """);
        var run = folder.File("run");
        var result = CommandLine.Run("train", recipe, "--model", model, "--out", run, "--set", "training.batchRows=3");
        Assert.True(result.Code == 0, result.Error);
        var settings = JsonNode.Parse((string)JsonNode.Parse(File.ReadAllText(Path.Combine(run, "report.json")))!["recipe"]!)!;
        Assert.Equal(3, (int)settings["training"]!["batch_rows"]!);
        Assert.Equal(2, (int)settings["training"]!["max_updates"]!);
        Assert.Equal(25, (int)settings["training"]!["checkpoint_every"]!);
        Assert.Equal(1e-3, (double)settings["training"]!["schedule"]!["learning_rate"]!);
        Assert.Equal(2, (int)settings["adapter"]!["lora"]!["rank"]!);
    }

    [Fact]
    public void The_plan_tells_rows_tokens_memory_and_time_and_trains_nothing()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("dpo", 20) + """{"prompt": "the", "chosen": "a chosen answer that is far longer than all", "rejected": "b"}""" + "\n");
        var plan = CommandLine.Run("train", "dpo", "--model", model, "--data", data, "--dry-run", "--set", "data.max_length=20", "batch_rows=4");
        Assert.True(plan.Code == 0, plan.Error);
        Assert.Matches(@"(?m)^rows +\d+ to train on, \d+ held out, 1 dropped, 0 cut", plan.Output);
        Assert.Contains("dropped 1: longer than 20 tokens", plan.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^tokens +\S+ a pass, \S+ of them learned", plan.Output);
        Assert.Matches(@"(?m)^memory +.*weights .* gradients .* moments .* activations", plan.Output);
        Assert.Matches(@"(?m)^time +\d\d:\d\d:\d\d at .* tokens/s, measured", plan.Output);
        Assert.False(Directory.Exists(folder.File("runs")));
        var json = JsonNode.Parse(CommandLine.Run("train", "dpo", "--model", model, "--data", data, "--dry-run", "--json", "--set", "data.max_length=20", "batch_rows=4").Output)!;
        Assert.Equal(1, (int)json["dropped"]!["longer than 20 tokens"]!);
        Assert.True((double)json["tokens_per_second"]! > 0);
        Assert.Equal((int)Math.Ceiling((int)json["rows"]! / 4.0), (int)json["updates"]!);
        var again = JsonNode.Parse(CommandLine.Run("train", "dpo", "--model", model, "--data", data, "--dry-run", "--json", "--set", "data.max_length=20", "batch_rows=4", "recompute_activations=true").Output)!;
        Assert.True((bool)again["choice"]!["recomputed"]!);
        Assert.NotEqual((long)json["memory"]!["activations"]!, (long)again["memory"]!["activations"]!);
    }

    [Fact]
    public void A_plan_counts_the_updates_of_rows_that_cannot_stand_alone()
    {
        // Nine rows by four would be three updates, but the ninth has nothing to be compared with alone.
        var data = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 9).Select(i => $$"""{"prompt": "the cat {{i}}", "completion": " sat", "label": {{(i % 2 == 0 ? "true" : "false")}}}""" + "\n")));
        string[] line = ["train", "kto", "--model", model, "--data", data, "--set", "batch_rows=4", "held_out=0", "rank=2", "samples.count=0"];
        var plan = CommandLine.Run([.. line, "--dry-run", "--json"]);
        Assert.True(plan.Code == 0, plan.Error);
        Assert.Equal(2, (int)JsonNode.Parse(plan.Output)!["updates"]!);
        Assert.Contains("1 pass at", CommandLine.Run([.. line, "--out", folder.File("run")]).Output, StringComparison.Ordinal);
        Assert.Equal(2, (int)JsonNode.Parse(File.ReadAllText(folder.File("run/report.json")))!["updates"]!);
    }

    [Fact]
    public void The_list_names_every_objective_and_one_is_told_in_full()
    {
        var list = CommandLine.Run("train", "--list");
        foreach (var objective in ObjectiveCatalogue.All)
            Assert.Matches($@"(?m)^  {System.Text.RegularExpressions.Regex.Escape(objective.Name)} +\S", list.Output);
        var one = CommandLine.Run("train", "--list", "dpo").Output;
        foreach (var says in (string[])["arXiv 2305.18290", "objective.beta: a number [0.1]", "preference pairs: rows {prompt, chosen, rejected}", "training.schedule.kind: one of linear, cosine", "training.adam_w.weight_decay"])
            Assert.Contains(says, string.Join(' ', one.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        var json = JsonNode.Parse(CommandLine.Run("train", "--list", "dpo", "--json").Output)!;
        Assert.Equal("0.1", (string)json["options"]!.AsArray().Single(o => (string)o!["key"]! == "objective.beta")!["default"]!);
    }

    [Fact]
    public void An_adapter_as_gguf_holds_the_factors_in_the_order_of_the_files_rows()
    {
        var path = folder.File("adapter.gguf");
        using var loaded = CausalLM.Load(model);
        using var adapter = LoraAdapter.Create(loaded, "policy", new() { Rank = 2, Alpha = 4 }, seed: 3);
        using (TorchSharp.torch.no_grad())
            foreach (var factors in adapter.Factors.Values)
                factors.B.copy_(TorchSharp.torch.randn(factors.B.shape));
        GgufAdapter.Save(adapter, loaded, path);
        loaded.SaveGguf(folder.File("base.gguf"), "F32");
        loaded.Merge(adapter);
        loaded.SaveGguf(folder.File("merged.gguf"), "F32");

        using var written = GgufFile.Open(path);
        using var before = GgufFile.Open(folder.File("base.gguf"));
        using var after = GgufFile.Open(folder.File("merged.gguf"));
        Assert.Equal("adapter", written.Metadata["general.type"]);
        Assert.Equal("lora", written.Metadata["adapter.type"]);
        Assert.Equal(4f, written.Metadata["adapter.lora.alpha"]);
        Assert.Contains("blk.0.attn_q.weight.lora_a", written.Tensors.Keys);
        foreach (var name in written.Tensors.Keys.Where(t => t.EndsWith(".lora_a", StringComparison.Ordinal)).Select(t => t[..^".lora_a".Length]))
        {
            // llama.cpp: W + (α / rank) B A, all as the file has them.
            float[] Values(GgufFile file, string tensor)
            {
                var values = new float[file.Tensors[tensor].Count];
                file.ReadFloat32(tensor, values);
                return values;
            }

            var (a, b, w, merged) = (Values(written, name + ".lora_a"), Values(written, name + ".lora_b"), Values(before, name), Values(after, name));
            var columns = a.Length / 2;
            for (var row = 0; row < b.Length / 2; row++)
                for (var column = 0; column < columns; column++)
                    Assert.Equal(merged[(row * columns) + column], w[(row * columns) + column] + (2 * ((b[2 * row] * a[column]) + (b[(2 * row) + 1] * a[columns + column]))), 1e-5f);
        }
    }

    [Theory]
    [InlineData("""{"prompt": "the", "completions": ["cat", "dog"], "labels": [true, false]}""", "prm")]
    [InlineData("""{"prompt": "the", "completions": ["cat", "dog"], "scores": [1, 2]}""", "rrhf")]
    [InlineData("""{"prompt": "the", "response_0": "cat", "response_1": "dog", "is_response_0_safe": true, "is_response_1_safe": false, "safer_response_id": 0}""", "cost_model")]
    [InlineData("""{"text": "the cat", "label": 1}""", "classification")]
    [InlineData("""{"prompt": "the", "completion": "cat", "label": true}""", "kto")]
    [InlineData("""{"prompt": "the", "answer": "cat", "refinement": "dog"}""", "sft with data.form refinement")]
    [InlineData("""{"prompt": "the", "answer": "cat", "feedback": "no", "refinement": "dog"}""", "sft with data.form refine")]
    [InlineData("""{"prompt": "the", "solution": "cat"}""", "grpo")]
    [InlineData("""{"messages": [{"role": "user", "content": "the"}, {"role": "assistant", "content": "cat"}]}""", "sft")]
    public void Rows_of_every_kind_are_shown_without_naming_an_objective(string row, string objective)
    {
        // Two prompts, so that mismatched answers have where to come from.
        var data = folder.Write("rows.jsonl", row + "\n" + row.Replace("the", "the dog", StringComparison.Ordinal) + "\n");
        var show = CommandLine.Run("data", "show", data, "--model", TinyModel.Write(folder.File("wide"), context: 256));
        Assert.True(show.Code == 0, show.Error);
        Assert.Contains($"for {objective}: 2 rows kept, 0 dropped", show.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_are_shown_as_tokens_with_what_is_learned_and_what_is_dropped()
    {
        var data = folder.Write("rows.jsonl", TrainRows.Of("dpo", 3) + """{"prompt": "the", "chosen": "same", "rejected": "same"}""" + "\n");
        var show = CommandLine.Run("data", "show", data, "--model", model, "--rows", "1");
        Assert.True(show.Code == 0, show.Error);
        Assert.Contains("for dpo: 3 rows kept, 1 dropped", show.Output, StringComparison.Ordinal);
        Assert.Contains("dropped 1: equal answers", show.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^chosen: ⟦.*<\|im_end\|>⟧$", show.Output);
        Assert.Matches(@"(?m)^prompt: [^⟦]*$", show.Output);
        Assert.DoesNotContain("\u001b", show.Output, StringComparison.Ordinal);
        var json = JsonNode.Parse(CommandLine.Run("data", "show", data, "--model", model, "--json").Output)!;
        Assert.True((bool)json["rows"]![0]!["stretches"]![1]!["tokens"]![0]!["scored"]!);
        CommandLine.Run("data", "show", data, "--model", model, "--objective", "reward_all_pairs").IsOneLine("rows.jsonl", "field");
        Assert.Contains("for sft: 3 rows kept", CommandLine.Run("data", "show", data, "--model", model, "--objective", "sft").Output, StringComparison.Ordinal);
        CommandLine.Run("data", "show", data, "--objective", "dpo").IsOneLine("--model");
    }
}
