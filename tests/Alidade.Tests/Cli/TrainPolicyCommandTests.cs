using System.Text.Json.Nodes;
using Alidade.Cli.Train;
using Alidade.Core;
using Alidade.Models;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>Reinforcement from the command line: rewards of a recipe, plans, and runs that were stopped.</summary>
public sealed class TrainPolicyCommandTests : IDisposable
{
    private const string Small = "rollouts: { prompts: 2, samples: 2, max_new_tokens: 4 }\ntraining: { batch_rows: 2, max_updates: 4, checkpoint_every: 1, schedule: { learning_rate: 1e-2 } }\nsamples: { count: 1, max_new_tokens: 2 }\nadapter: { lora: { rank: 2 } }\n";
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public TrainPolicyCommandTests()
    {
        model = TinyModel.Write(folder.File("model"));
        folder.Write("prompts.jsonl", string.Concat(Enumerable.Range(0, 6).Select(i => $$"""{"prompt": "the cat {{i}}"}""" + "\n")));
    }

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("grpo")]
    [InlineData("ppo")]
    public void Two_rewards_of_a_recipe_are_found_beside_it_and_kept_with_their_hashes(string objective)
    {
        WriteRewardModel("judges/reward");
        var recipe = folder.Write("recipe.yaml", $$"""
            objective: {{objective}}
            data: prompts.jsonl
            reward: [ { rule: { name: contains, text: a } }, { model: judges/reward, weight: 0.5 } ]
            {{Small}}
            """);
        var run = folder.File("run");
        var result = CommandLine.Run("train", recipe, "--model", model, "--out", run);
        Assert.True(result.Code == 0, result.Error);
        Assert.Contains("training loss", result.Output, StringComparison.Ordinal);
        var files = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!["files"]!.AsArray();
        Assert.Contains(files, f => (string)f!["role"]! == "reward" && (string)f["path"]! == folder.File("judges/reward/model.safetensors"));

        // Other weights are another reward: the run does not go on with them.
        WriteRewardModel("judges/reward", seed: 9);
        CommandLine.Run("train", "--resume", run).IsOneLine("model.safetensors", "is not the file that the run began with");
    }

    [Theory]
    [InlineData("nlpo", "{ rule: { name: contains, text: a } }")]
    [InlineData("nash_md", "{ rule: { name: contains, text: a } }")]
    [InlineData("f_dpg", "{ rule: { name: contains, text: a } }")]
    [InlineData("grpo", "{ ensemble: [ { model: judges/first }, { model: judges/second, weight: 1 } ], combine: worst_case }")]
    [InlineData("grpo", "{ steps: judges/steps, aggregation: minimum }")]
    public void Methods_and_rewards_of_recipes_train(string objective, string reward)
    {
        WriteRewardModel("judges/first");
        WriteRewardModel("judges/second", seed: 9);
        using (var steps = CausalLM.Load(model))
        {
            steps.AddTokenScoringHead(2, seed: 5);
            steps.Save(folder.File("judges/steps"));
        }

        var recipe = folder.Write("recipe.yaml", $"objective: {objective}\ndata: prompts.jsonl\nreward: {reward}\n{Small}");
        var result = CommandLine.Run("train", recipe, "--model", model, "--out", folder.File("run"));
        Assert.True(result.Code == 0, result.Error);
        var report = JsonNode.Parse(File.ReadAllText(folder.File("run/report.json")))!;
        Assert.Equal(4, (int)report["updates"]!);
        // The recipe of the report holds what the objective and the rules were set to, those too that nobody named.
        var settings = JsonNode.Parse((string)report["recipe"]!)!;
        Assert.Equal(objective, (string)settings["objective"]!["name"]!);
        Assert.NotNull(settings["objective"]!["advantage"]!["name"]);
        if (reward.Contains("contains", StringComparison.Ordinal))
            Assert.Equal("a", (string)settings["reward"]![0]!["rule"]!["text"]!);
    }

    [Fact]
    public void Prompts_that_leave_no_room_are_left_out_and_short_answers_are_foretold()
    {
        // The tiny model reads 32 tokens.
        File.AppendAllText(folder.File("prompts.jsonl"), $$"""{"prompt": "{{string.Concat(Enumerable.Repeat("the cat sat on ", 12))}}"}""" + "\n");
        var plan = CommandLine.Run("train", "grpo", "--model", model, "--data", folder.File("prompts.jsonl"), "--dry-run", "--set", "reward=length_penalty", "rollouts.prompts=2", "rollouts.samples=2", "rollouts.max_new_tokens=31", "rank=2", "held_out=0");
        Assert.True(plan.Code == 0, plan.Error);
        Assert.Contains("dropped 1: the prompt is longer than 31 tokens", plan.Output, StringComparison.Ordinal);
        Assert.Contains("6 leave answers less than rollouts.max_new_tokens", plan.Output, StringComparison.Ordinal);
        Assert.Contains("a pass, all of them prompts", plan.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Sampling_that_is_done_rollout_by_rollout_is_not_told_each_time()
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var recipe = folder.Write("recipe.yaml", $"objective: grpo\ndata: prompts.jsonl\nreward: {{ rule: {{ name: length_target, tokens: 3 }} }}\n{Small}");
        var result = CommandLine.Run("train", recipe, "--model", model, "--out", folder.File("run"));
        Assert.True(result.Code == 0, result.Error);
        // Four rollouts and two evaluations; elsewhere a line comes every ten seconds.
        Assert.InRange(result.ErrorLines.Count(l => l.Contains("sampling: ", StringComparison.Ordinal)), 1, 1 + (int)(watch.Elapsed.TotalSeconds / 10));
        Assert.Contains(result.ErrorLines, l => l.EndsWith("4 of 4", StringComparison.Ordinal));
    }

    [Fact]
    public void Sampled_answers_to_held_out_prompts_stand_in_the_report_with_their_rewards()
    {
        var recipe = folder.Write("recipe.yaml", $"objective: grpo\ndata: {{ file: prompts.jsonl, held_out: 0.4 }}\nreward: {{ rule: {{ name: length_target, tokens: 3 }} }}\n{Small.Replace("checkpoint_every: 1,", "checkpoint_every: 1, evaluate_every: 2,", StringComparison.Ordinal)}");
        var result = CommandLine.Run("train", recipe, "--model", model, "--out", folder.File("run"));
        Assert.True(result.Code == 0, result.Error);
        var sample = Assert.Single(JsonNode.Parse(File.ReadAllText(folder.File("run/report.json")))!["samples"]!.AsArray(), s => (string)s!["group"]! == "held-out prompts, sampled and rewarded")!;
        Assert.Matches("^reward -?[0-9.]+$", (string)sample["before"]!["judged"]!);
        Assert.Equal("after update 2", (string)Assert.Single(sample["between"]!.AsArray())!["when"]!);
        var kept = File.ReadLines(folder.File("run/samples.jsonl")).Select(l => JsonNode.Parse(l)!).Where(s => (string)s["measure"]! == "rewarded_answers").ToArray();
        Assert.Equal(["update-000000", "update-000002", "update-000004"], kept.Select(s => (string)s["phase"]!).Distinct());
        Assert.Equal(2 * 3, kept.Length);
        Assert.All(kept, s => Assert.NotNull(s["item"]!["score"]));
        Assert.Matches(@"held-out reward +\S+ → \S+ +\(95\u00A0% interval \S+\u00A0to\u00A0\S+, 2 rows\)", result.Output);
    }

    [Fact]
    public void The_tokens_that_a_mask_policy_allows_are_an_option()
    {
        var line = (string[])["train", "nlpo", "--model", model, "--data", folder.File("prompts.jsonl"), "--dry-run", "--set", "reward={rule: {name: contains, text: a}}", "rollouts.prompts=2", "rollouts.samples=2", "rollouts.max_new_tokens=2", "rank=2", "refresh_every=2"];
        var result = CommandLine.Run([.. line, "objective.mask.allowed={name: top_k, k: 5}"]);
        Assert.True(result.Code == 0, result.Error);
        CommandLine.Run([.. line, "objective.mask.allowed={name: top_q}"]).IsOneLine("top_k", "top_p");
        CommandLine.Run([.. line, "objective.mask.refresh_every=0"]).IsOneLine("RefreshEvery");
    }

    [Fact]
    public void Parts_of_an_objective_that_are_none_by_default_and_options_of_its_parts_are_reached_from_the_command_line()
    {
        JsonNode Objective(params string[] options)
        {
            var run = folder.File(Guid.NewGuid().ToString("N"));
            var result = CommandLine.Run(["train", "grpo", "--model", model, "--data", folder.File("prompts.jsonl"), "--out", run, "--set", "reward={rule: {name: contains, text: a}}", "rollouts.prompts=2", "rollouts.samples=2", "rollouts.max_new_tokens=2", "max_updates=1", "rank=2", "samples.count=0", "held_out=0", .. options]);
            Assert.True(result.Code == 0, result.Error);
            return JsonNode.Parse((string)JsonNode.Parse(File.ReadAllText(Path.Combine(run, "report.json")))!["recipe"]!)!["objective"]!;
        }

        var plain = Objective();
        Assert.Null(plain["high_entropy"]);
        Assert.Null(plain["off_policy"]);
        var set = Objective("high_entropy={}", "off_policy.threshold=0.3", "objective.correction={mode: token_mask}", "loss_kl=null", "objective.loss.epsilon_high=0.28");
        Assert.Equal(0.2, (double)set["high_entropy"]!["fraction"]!);
        Assert.Equal(0.3, (double)set["off_policy"]!["threshold"]!);
        Assert.Equal(("token_mask", 3.0), ((string)set["correction"]!["mode"]!, (double)set["correction"]!["high"]!));
        Assert.Null(set["loss_kl"]);
        // The loss stays the one that it was, with one option changed.
        Assert.Equal(("clip", 0.2, 0.28), ((string)set["loss"]!["name"]!, (double)set["loss"]!["epsilon_low"]!, (double)set["loss"]!["epsilon_high"]!));
        var named = Objective("objective.advantage=group_relative", "objective.advantage.scale=none");
        Assert.Equal(("group_relative", "none"), ((string)named["advantage"]!["name"]!, (string)named["advantage"]!["scale"]!));
    }

    [Fact]
    public void What_train_reward_writes_by_default_is_a_reward_over_the_same_base()
    {
        var pairs = folder.Write("pairs.jsonl", TrainRows.Of("reward", 12));
        var trained = CommandLine.Run("train", "reward", "--model", model, "--data", pairs, "--out", folder.File("reward-run"), "--set", "max_updates=2", "rank=2");
        Assert.True(trained.Code == 0, trained.Error);
        string[] Line(string objective, string adapter) =>
            ["train", objective, "--model", model, "--data", folder.File("prompts.jsonl"), "--adapter", adapter, "--set", $"reward={{model: {folder.File("reward-run/adapter")}}}", "rollouts.prompts=2", "rollouts.samples=2", "rollouts.max_new_tokens=4", "max_updates=2", "rank=2", "samples.count=0"];
        var result = CommandLine.Run([.. Line("grpo", "lora"), "--out", folder.File("run")]);
        Assert.True(result.Code == 0, result.Error);
        CommandLine.Run([.. Line("grpo", "none"), "--out", folder.File("none")]).IsOneLine("reward.model", "adapter.method");
        Assert.False(Directory.Exists(folder.File("none")));
    }

    [Theory]
    [InlineData("grpo")]
    [InlineData("ppo")]
    public void A_run_that_was_stopped_goes_on_to_the_same_bits(string objective)
    {
        TrainRequest Request() => new()
        {
            CommandLine = "alidade train",
            Recipe = $"objective: {objective}\nmodel: model\ndata: prompts.jsonl\nreward: {{ rule: {{ name: contains, text: a }} }}\n{Small}",
            RecipeName = "recipe.yaml",
            Folder = folder.File(""),
        };
        using var stop = new CancellationTokenSource();
        TrainRun.Begin(Request(), folder.File("whole"), new Watch(_ => { }), _ => { }, TestContext.Current.CancellationToken);
        Assert.Throws<OperationCanceledException>(() => TrainRun.Begin(
            Request(), folder.File("stopped"), new Watch(p => Stop(p, stop)), _ => { }, stop.Token));
        var record = JsonNode.Parse(File.ReadAllText(folder.File("stopped/run.json")))!;
        Assert.Equal("stopped", (string)record["state"]!);
        Assert.False(File.Exists(folder.File("stopped/report.json")));
        var resumed = CommandLine.Run("train", "--resume", folder.File("stopped"));
        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Equal(File.ReadAllBytes(folder.File("whole/adapter/adapter_model.safetensors")), File.ReadAllBytes(folder.File("stopped/adapter/adapter_model.safetensors")));
    }

    [Theory]
    [InlineData("max_updates=1")]
    [InlineData("training.epochs=3")]
    [InlineData("rollouts.prompts=8")]
    [InlineData("rollouts.iterations=2")]
    public void A_plan_of_reinforcement_tells_the_updates_that_come(string option)
    {
        string[] line = ["train", "grpo", "--model", model, "--data", folder.File("prompts.jsonl"), "--set", "reward={rule: {name: contains, text: a}}", "rollouts.prompts=4", "rollouts.samples=3", "rollouts.max_new_tokens=3", "batch_rows=2", "rank=2", "samples.count=0", "held_out=0", option];
        var plan = CommandLine.Run([.. line, "--dry-run", "--json"]);
        Assert.True(plan.Code == 0, plan.Error);
        var forecast = JsonNode.Parse(plan.Output)!;
        Assert.True((double)forecast["seconds_per_update"]! > 0);
        Assert.True(CommandLine.Run([.. line, "--out", folder.File("run")]).Code == 0);
        Assert.Equal((int)forecast["updates"]!, (int)JsonNode.Parse(File.ReadAllText(folder.File("run/report.json")))!["updates"]!);
    }

    [Fact]
    public void A_plan_says_that_it_measured_nothing_where_no_answer_taught_anything()
    {
        var plan = CommandLine.Run("train", "grpo", "--model", model, "--data", folder.File("prompts.jsonl"), "--dry-run", "--set", "reward={rule: {name: contains, text: NEVER}}", "rollouts.equal_groups=drop", "rollouts.prompts=2", "rollouts.samples=2", "rollouts.max_new_tokens=2");
        Assert.True(plan.Code == 0, plan.Error);
        Assert.Contains("time      not measured", plan.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_constant_length_of_dr_grpo_is_the_limit_of_the_rollouts()
    {
        // A constant that is twice as long halves the loss and its gradient; nothing else differs.
        double Loss(params string[] options)
        {
            var run = folder.File(Guid.NewGuid().ToString("N"));
            var result = CommandLine.Run(["train", "dr_grpo", "--model", model, "--data", folder.File("prompts.jsonl"), "--out", run, "--set", "reward={rule: {name: contains, text: a}}", "rollouts.prompts=4", "rollouts.samples=6", "rollouts.max_new_tokens=6", "batch_rows=24", "max_updates=1", "rank=2", "samples.count=0", "held_out=0", .. options]);
            Assert.True(result.Code == 0, result.Error);
            return File.ReadLines(Path.Combine(run, "events.jsonl")).Select(l => JsonNode.Parse(l)!["values"]!).First(v => v["gradient_norm"] is not null)["gradient_norm"]!.GetValue<double>();
        }

        var own = Loss();
        Assert.True(own > 0);
        Assert.Equal(own, Loss("objective.aggregation={name: constant_length, tokens: 6}"), 1e-9);
        Assert.Equal(own / 2, Loss("objective.aggregation={name: constant_length, tokens: 12}"), 1e-6 * own);
    }

    [Fact]
    public void A_teacher_and_another_reference_are_read_beside_the_recipe()
    {
        var other = folder.File("other");
        using (var loaded = CausalLM.Load(model))
        {
            using var noGrad = TorchSharp.torch.no_grad();
            loaded.Parameters["model.embed_tokens.weight"].mul_(1.1);
            loaded.Save(other);
        }

        string Loss(string recipe)
        {
            var run = folder.File(Guid.NewGuid().ToString("N"));
            var result = CommandLine.Run("train", folder.Write("recipe.yaml", recipe + "\ntraining: { max_updates: 1, batch_rows: 4 }\nsamples: { count: 0 }\nadapter: { lora: { rank: 2 } }\n"), "--model", model, "--out", run);
            Assert.True(result.Code == 0, result.Error);
            Assert.Contains(other, File.ReadAllText(Path.Combine(run, "run.json")), StringComparison.Ordinal);
            return File.ReadLines(Path.Combine(run, "events.jsonl")).First();
        }

        folder.Write("sft.jsonl", TrainRows.Of("sft", 8));
        folder.Write("dpo.jsonl", TrainRows.Of("dpo", 8));
        Assert.Contains("loss", Loss("objective: distillation\ndata: sft.jsonl\nteacher: other"), StringComparison.Ordinal);
        Assert.Contains("loss", Loss("objective: dpo\ndata: dpo.jsonl\nreference_model: other"), StringComparison.Ordinal);
    }

    private void WriteRewardModel(string name, ulong seed = 4)
    {
        using var reward = CausalLM.Load(model);
        reward.AddScoringHead(1, seed);
        reward.Save(folder.File(name));
    }

    private static void Stop(Progress progress, CancellationTokenSource stop)
    {
        if (progress.Task is "GRPO" or "PPO" && progress.Done == 2)
            stop.Cancel();
    }

    private sealed class Watch(Action<Progress> look) : IProgress<Progress>
    {
        public void Report(Progress value) => look(value);
    }
}
