using System.Text.Json.Nodes;
using Alidade.Cli.Train;
using Alidade.Core;
using Alidade.Core.Runs;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>Reinforcement from answers that are there already (A-LoL) from the command line: rewards of the rows and of a recipe, plans, and runs that were stopped.</summary>
public sealed class TrainOfflineCommandTests : IDisposable
{
    private const string NoBetter = "no better than the model's own answers";
    private static readonly string[] Words = ["cat", "dog", "mat", "log", "sat", "the"];
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public TrainOfflineCommandTests() => model = TinyModel.Write(folder.File("model"));

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("sequence")]
    [InlineData("token")]
    [InlineData("reference_free")]
    [InlineData("kl")]
    [InlineData("reward")]
    public void Rewards_of_the_rows_are_learned_from_in_every_form_and_those_no_better_are_left_out(string form)
    {
        var data = folder.Write("rows.jsonl", Rewarded(20, i => i % 4 == 0 ? 0 : 1 + (i % 3)));
        var result = CommandLine.Run(["train", "a-lol", "--model", model, "--data", data, "--out", folder.File("run"), .. Small, "max_updates=12", "learning_rate=3e-2", $"form={form}"]);
        Assert.True(result.Code == 0, result.Error);
        Assert.StartsWith("a_lol on ", result.Output, StringComparison.Ordinal);
        var report = Report("run");
        Assert.Equal(form == "reward" ? [] : [(NoBetter, 5)], report["left_out"]!.AsArray().Select(l => ((string)l!["reason"]!, (int)l["count"]!)));
        Assert.Contains($"{(form == "reward" ? 20 : 15)} rows of rows.jsonl", (string)report["data"]!, StringComparison.Ordinal);
        Assert.Equal(form, (string)JsonNode.Parse((string)report["recipe"]!)!["objective"]!["form"]!);
        // What is better than the model's own becomes likelier, whatever the ratio makes of the loss.
        var likelier = report["numbers"]!.AsArray().Single(n => (string)n!["name"]! == "training answer log prob")!;
        Assert.True((double)likelier["last"]! > (double)likelier["first"]!, likelier.ToJsonString());
    }

    [Fact]
    public void An_answer_is_learned_in_proportion_to_its_reward_less_the_value()
    {
        double Gradient(double value, double reward)
        {
            var run = Guid.NewGuid().ToString("N");
            var data = folder.Write("rows.jsonl", Rewarded(4, _ => reward, value));
            var result = CommandLine.Run(["train", "a-lol", "--model", model, "--data", data, "--out", folder.File(run), .. Small, "max_updates=1"]);
            Assert.True(result.Code == 0, result.Error);
            return Events(run).First(v => v["gradient_norm"] is not null)["gradient_norm"]!.GetValue<double>();
        }

        var one = Gradient(value: 2, reward: 3);
        Assert.True(one > 0);
        Assert.Equal(3 * one, Gradient(value: -1, reward: 2), 1e-5 * one);
    }

    [Theory]
    [InlineData("")]
    [InlineData("form=reward")]
    public void A_reward_of_the_recipe_judges_the_answers_and_what_the_model_says_itself(string form)
    {
        // Of 24 answers those with "cat" are right; the model itself hardly ever says it.
        var data = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "{{Prompt(i)}}", "completion": " {{Words[i % 6]}}"}""" + "\n")));
        string[] line = ["train", "a-lol", "--model", model, "--data", data, .. Small, "reward={rule: {name: contains, text: cat}}", .. form.Length > 0 ? [form] : Array.Empty<string>()];
        var plan = CommandLine.Run([.. line, "--dry-run"]);
        Assert.True(plan.Code == 0, plan.Error);
        Assert.Contains("kept 24: rewarded before training begins", plan.Output, StringComparison.Ordinal);
        Assert.Matches(@"(?m)^time +\d\d:\d\d:\d\d at ", plan.Output);

        var result = CommandLine.Run([.. line, "--out", folder.File("run")]);
        Assert.True(result.Code == 0, result.Error);
        var left = Report("run")["left_out"]!.AsArray();
        if (form.Length > 0)
            Assert.Empty(left);
        else
            Assert.Equal((NoBetter, 20), ((string)left[0]!["reason"]!, (int)left[0]!["count"]!));
        Assert.Equal(form.Length == 0, result.ErrorLines.Any(l => l.Contains($"20 of 24 rows left out: {NoBetter} (20)", StringComparison.Ordinal)));
        Assert.Equal(form.Length == 0, result.ErrorLines.Any(l => l.Contains("sampling", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_reward_that_counts_tokens_counts_those_of_an_answer_with_the_one_that_ends_it()
    {
        var data = folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "{{Prompt(i)}}", "completion": "{{(i % 2 == 0 ? " cat" : " cat dog")}}"}""" + "\n")));
        var result = CommandLine.Run(["train", "a-lol", "--model", model, "--data", data, "--out", folder.File("run"), .. Small, "form=reward", "reward={rule: {name: length_penalty, price: 1}}"]);
        Assert.True(result.Code == 0, result.Error);
        var rewards = RunView.Open(folder.File("run")).ResultOf<JsonNode>("worth.train")!["answers"]!.AsArray().Select(a => (double)a!["reward"]!).ToArray();
        Assert.Equal(12, rewards.Length);
        Assert.Equal(2, rewards.Distinct().Count());
        using var loaded = Alidade.Models.CausalLM.Load(model);
        Assert.Equal(-(loaded.Tokenizer.Encode(" cat").Length + 1), rewards.Max());
    }

    [Fact]
    public void Both_answers_of_pairs_are_judged()
    {
        var data = folder.Write("pairs.jsonl", TrainRows.Of("dpo", 12));
        var plan = JsonNode.Parse(CommandLine.Run(["train", "a-lol", "--model", model, "--data", data, "--dry-run", "--json", .. Small, "reward={rule: {name: contains, text: cat}}"]).Output)!;
        Assert.Equal(24, (int)plan["rows"]!);
    }

    [Fact]
    public void Rows_can_be_looked_at_without_a_reward()
    {
        var data = folder.Write("rows.jsonl", Rewarded(4, _ => 1));
        Assert.Contains("a_lol", CommandLine.Run("data", "show", data, "--model", model).Output, StringComparison.Ordinal);
        var bare = folder.Write("bare.jsonl", TrainRows.Of("sft", 4));
        Assert.Equal(0, CommandLine.Run("data", "show", bare, "--model", model, "--objective", "a-lol").Code);
    }

    [Theory]
    [InlineData("a_lol", 2)]
    [InlineData("sampling", 3)]
    public void A_run_that_was_stopped_goes_on_to_the_same_bits(string task, int done)
    {
        folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "{{Prompt(i)}}", "completion": " {{Words[i % 2]}} {{Words[i % 6]}}"}""" + "\n")));
        var request = Request("reward: { rule: { name: contains, text: cat } }\nvalues: { answers: 2, max_new_tokens: 4 }");
        TrainRun.Begin(request, folder.File("whole"), new Watch(_ => { }), _ => { }, TestContext.Current.CancellationToken);
        Stop(request, task, done);
        Assert.Equal("stopped", (string)JsonNode.Parse(File.ReadAllText(folder.File("stopped/run.json")))!["state"]!);
        var resumed = CommandLine.Run("train", "--resume", folder.File("stopped"));
        Assert.True(resumed.Code == 0, resumed.Error);
        // What the answers are worth was found before the training was stopped, and is not asked again.
        Assert.Equal(task == "sampling", resumed.ErrorLines.Any(l => l.Contains("sampling", StringComparison.Ordinal)));
        Assert.Equal(File.ReadAllBytes(folder.File("whole/adapter/adapter_model.safetensors")), File.ReadAllBytes(folder.File("stopped/adapter/adapter_model.safetensors")));
        Assert.Equal(Report("whole")["numbers"]!.ToJsonString(), Report("stopped")["numbers"]!.ToJsonString());
    }

    [Theory]
    [InlineData(50)]
    [InlineData(130)]
    public void Answers_that_were_sampled_and_judged_before_a_stop_are_not_sampled_again(int done)
    {
        // 192 answers of the model's own, in three batches.
        folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "{{Prompt(i)}}", "completion": " {{Words[i % 2]}} {{Words[i % 6]}}"}""" + "\n")));
        var request = Request("reward: { rule: { name: contains, text: cat } }\nvalues: { answers: 8, max_new_tokens: 3 }");
        TrainRun.Begin(request, folder.File("whole"), new Watch(_ => { }), _ => { }, TestContext.Current.CancellationToken);
        Stop(request, "sampling", done);
        var (kept, whole) = (Judged("stopped"), Judged("whole"));
        Assert.Equal(24 + (done / 64 * 64), kept.Length);
        Assert.Equal(whole[..kept.Length], kept);

        TrainRun.Resume(folder.File("stopped"), new Watch(_ => { }), _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(whole, Judged("stopped"));
        Assert.Equal(Report("whole")["numbers"]!.ToJsonString(), Report("stopped")["numbers"]!.ToJsonString());
    }

    [Fact]
    public void A_batch_that_was_kept_in_part_is_judged_again_as_a_whole()
    {
        folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 24).Select(i => $$"""{"prompt": "{{Prompt(i)}}", "completion": " {{Words[i % 2]}} {{Words[i % 6]}}"}""" + "\n")));
        var request = Request("reward: { rule: { name: contains, text: cat } }\nvalues: { answers: 8, max_new_tokens: 3 }");
        TrainRun.Begin(request, folder.File("whole"), new Watch(_ => { }), _ => { }, TestContext.Current.CancellationToken);
        Stop(request, "sampling", 130);
        // As a kill leaves it in the middle of the second batch, in a line.
        var samples = Path.Combine(folder.File("stopped"), "samples.jsonl");
        File.WriteAllText(samples, string.Concat(File.ReadLines(samples).Take(24 + 100).Select(l => l + "\n")) + "{\"measure\": \"judged");
        TrainRun.Resume(folder.File("stopped"), new Watch(_ => { }), _ => { }, TestContext.Current.CancellationToken);
        Assert.Equal(24 + 192 + 36, Judged("stopped").Length);
        Assert.Equal(Judged("whole").Order(StringComparer.Ordinal), Judged("stopped").Distinct().Order(StringComparer.Ordinal));
        Assert.Equal(File.ReadAllBytes(folder.File("whole/adapter/adapter_model.safetensors")), File.ReadAllBytes(folder.File("stopped/adapter/adapter_model.safetensors")));
    }

    private TrainRequest Request(string how) => new()
    {
        CommandLine = "alidade train",
        Recipe = $"objective: a_lol\nmodel: model\ndata: rows.jsonl\n{how}\n"
            + "training: { batch_rows: 2, max_updates: 5, checkpoint_every: 1, schedule: { learning_rate: 1e-2 } }\nsamples: { count: 1, max_new_tokens: 2 }\nadapter: { lora: { rank: 2 } }\n",
        RecipeName = "recipe.yaml",
        Folder = folder.File(""),
    };

    // Leaves a run in the folder "stopped".
    private void Stop(TrainRequest request, string task, int done)
    {
        using var stop = new CancellationTokenSource();
        Assert.Throws<OperationCanceledException>(() => TrainRun.Begin(request, folder.File("stopped"), new Watch(p =>
        {
            if (string.Equals(p.Task, task, StringComparison.OrdinalIgnoreCase) && p.Done >= done)
                stop.Cancel();
        }), _ => { }, stop.Token));
    }

    private string[] Judged(string run) => [.. File.ReadLines(Path.Combine(folder.File(run), "samples.jsonl")).Where(l => l.Contains("judged_answers", StringComparison.Ordinal))];

    private static string[] Small => ["--set", "batch_rows=4", "max_updates=3", "rank=2", "held_out=0", "samples.count=0", "learning_rate=1e-2"];

    private static string Rewarded(int count, Func<int, double> reward, double value = 0.5) =>
        string.Concat(Enumerable.Range(0, count).Select(i => FormattableString.Invariant($$"""{"prompt": "{{Prompt(i)}}", "completion": " {{Words[i % 6]}}", "reward": {{reward(i)}}, "value": {{value}}}""") + "\n"));

    private static string Prompt(int i) => $"{Words[i / 6 % 6]} {Words[i % 6]} {i}";

    private JsonNode Report(string run) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder.File(run), "report.json")))!;

    private IEnumerable<JsonNode> Events(string run) => File.ReadLines(Path.Combine(folder.File(run), "events.jsonl")).Select(l => JsonNode.Parse(l)!["values"]!);

    private sealed class Watch(Action<Progress> look) : IProgress<Progress>
    {
        public void Report(Progress value) => look(value);
    }
}
