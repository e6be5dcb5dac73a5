using System.Text.Json.Nodes;
using Alidade.Cli.Train;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Training.Rewards;

namespace Alidade.Tests.Cli;

/// <summary>Ensembles of reward models from the command line: trained, stopped and resumed, and used as a reward.</summary>
public sealed class TrainEnsembleCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public TrainEnsembleCommandTests()
    {
        model = TinyModel.Write(folder.File("model"));
        folder.Write("pairs.jsonl", TrainRows.Of("reward", 12));
        folder.Write("prompts.jsonl", string.Concat(Enumerable.Range(0, 6).Select(i => $$"""{"prompt": "the cat {{i}}"}""" + "\n")));
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_member_is_the_reward_model_of_its_seed_and_is_told_by_itself()
    {
        var run = Trained("ensemble", "members=3", "held_out=0", "seed=5");
        Assert.Equal(["member-1", "member-2", "member-3"], Directory.EnumerateDirectories(Path.Combine(run, "adapter")).Select(d => Path.GetFileName(d)).Order());
        Assert.Equal(3, Enumerable.Range(1, 3).Select(i => Convert.ToHexString(Weights(run, i))).Distinct().Count());
        Assert.Equal(File.ReadAllBytes(Path.Combine(Trained("alone", "held_out=0", "seed=7"), "adapter", "adapter_model.safetensors")), Weights(run, 2));

        var report = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "report.json")))!;
        Assert.StartsWith("an ensemble of 3 reward models, each a LoRA adapter of", (string)report["trained"]!, StringComparison.Ordinal);
        Assert.Equal(9, (int)report["updates"]!);
        Assert.Contains(report["numbers"]!.AsArray(), n => (string)n!["name"]! == "member-3 training loss");
        Assert.Equal(["train member-1", "train member-2", "train member-3"], report["curves"]!.AsArray().Select(c => (string)c!["stage"]!));
        Assert.Equal(Path.Combine(run, "adapter"), (string)Assert.Single(report["written"]!.AsArray())!);
        Assert.NotEmpty(Directory.EnumerateFiles(Path.Combine(run, "tensorboard", "member-2")));
    }

    [Theory]
    [InlineData("member-1")]
    [InlineData("member-2")]
    public void A_run_that_was_stopped_in_a_member_goes_on_to_the_same_bits(string member)
    {
        TrainRequest Request() => new()
        {
            CommandLine = "alidade train",
            Recipe = "objective: reward\nmodel: model\ndata: pairs.jsonl\nmembers: 2\ntraining: { batch_rows: 4, max_updates: 4, checkpoint_every: 1, schedule: { learning_rate: 1e-2 } }\nadapter: { lora: { rank: 2 } }\n",
            RecipeName = "recipe.yaml",
            Folder = folder.File(""),
        };
        using var stop = new CancellationTokenSource();
        TrainRun.Begin(Request(), folder.File("whole"), new Watch(_ => { }), _ => { }, TestContext.Current.CancellationToken);
        Assert.Throws<OperationCanceledException>(() => TrainRun.Begin(Request(), folder.File("stopped"), new Watch(p => Stop(p, member, stop)), _ => { }, stop.Token));
        Assert.False(File.Exists(folder.File("stopped/report.json")));
        Assert.Equal(member == "member-2", File.Exists(folder.File("stopped/adapter/member-1/adapter_config.json")));
        Assert.False(File.Exists(folder.File("stopped/adapter/ensemble.json")));
        var resumed = CommandLine.Run("train", "--resume", folder.File("stopped"));
        Assert.True(resumed.Code == 0, resumed.Error);
        foreach (var i in (int[])[1, 2])
            Assert.Equal(Weights(folder.File("whole"), i), Weights(folder.File("stopped"), i));
    }

    [Fact]
    public void What_was_trained_is_a_reward_as_a_whole_and_its_scores_are_combined_as_told()
    {
        var ensemble = Path.Combine(Trained("ensemble", "members=2", "learning_rate=1e-1"), "adapter");
        string Policy(string reward)
        {
            var run = folder.File(Guid.NewGuid().ToString("N"));
            var result = CommandLine.Run([.. Line(reward), "--out", run]);
            Assert.True(result.Code == 0, result.Error);
            var files = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "run.json")))!["files"]!.AsArray();
            Assert.Equal(2, files.Count(f => (string)f!["role"]! == "reward" && ((string)f["path"]!).EndsWith("adapter_model.safetensors", StringComparison.Ordinal)));
            Assert.Equal(reward.Contains("ensemble:", StringComparison.Ordinal) ? 0 : 1, files.Count(f => ((string)f!["path"]!).EndsWith("ensemble.json", StringComparison.Ordinal)));
            return Convert.ToHexString(File.ReadAllBytes(Path.Combine(run, "adapter", "adapter_model.safetensors")));
        }

        string Members(string combine) => Policy($"{{ensemble: [{{model: {ensemble}/member-1}}, {{model: {ensemble}/member-2}}], {combine}}}");
        string Whole(string combine) => Policy($"{{model: {ensemble}, {combine}}}");
        Assert.Equal(Members("combine: worst_case"), Whole("combine: worst_case"));
        Assert.Equal(Members("variance_weight: 0.5"), Whole("variance_weight: 0.5"));
        Assert.NotEqual(Whole("combine: mean"), Whole("combine: worst_case"));
        CommandLine.Run([.. Line($"{{model: {ensemble}/member-1, combine: mean}}"), "--out", folder.File("one")]).IsOneLine("combine and variance_weight are of an ensemble", "member-1");
        Directory.Delete(Path.Combine(ensemble, "member-2"), recursive: true);
        Refused("names the member 'member-2'", "put it back");
        var list = Path.Combine(ensemble, "ensemble.json");
        foreach (var (text, holds) in (IEnumerable<(string, string)>)[("{\"members\": [\"member-1\"]}", "an ensemble of 1 rewards"), ("{\"members\": [\"../adapter/member-1\", \"member-1\"]}", "names the member '../adapter/member-1'"), ("{\"members\": [\"..\", \"member-1\"]}", "names the member '..'"), ("{", "ensemble.json"), ("{}", "ensemble.json")])
        {
            File.WriteAllText(list, text);
            Refused(holds);
        }

        File.Delete(list);
        Refused("holds adapters and no ensemble.json", "--resume");

        void Refused(params string[] holds)
        {
            CommandLine.Run([.. Line($"{{model: {ensemble}}}"), "--out", folder.File("one")]).IsOneLine(holds);
            Assert.False(Directory.Exists(folder.File("one")));
        }
    }

    [Fact]
    public void A_plan_tells_the_updates_and_the_time_of_all_members()
    {
        JsonNode Plan(int members) => JsonNode.Parse(CommandLine.Run("train", "reward", "--model", model, "--data", folder.File("pairs.jsonl"), "--dry-run", "--json", "--set", $"members={members}", "batch_rows=4").Output)!;
        var (one, three) = (Plan(1), Plan(3));
        Assert.Equal((int)one["updates"]!, (int)three["updates"]!);
        Assert.Equal(3, (int)three["members"]!);
        double Passes(JsonNode plan) => (double)plan["seconds"]! * (double)plan["tokens_per_second"]! / (double)plan["tokens"]!;
        Assert.Equal(3 * Passes(one), Passes(three), 1e-6);
        Assert.Matches(@"(?m)^updates +3 × \d+ of 4 rows", CommandLine.Run("train", "reward", "--model", model, "--data", folder.File("pairs.jsonl"), "--dry-run", "--set", "members=3", "batch_rows=4").Output);
    }

    [Fact]
    public void What_the_members_say_together_of_held_out_pairs_is_reported_as_it_is()
    {
        var run = Trained("ensemble", "members=3", "held_out=0.5", "seed=5", "learning_rate=1e-2");
        var readings = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "report.json")))!["readings"]!.AsArray().ToDictionary(r => (string)r!["name"]!, r => r!);

        // Every answer by itself, member by member.
        var heldOut = DataSplit.Of(PreferenceFile.Read(folder.File("pairs.jsonl")).Rows, 5, 0.5).HeldOut;
        Assert.InRange(heldOut.Count, 4, 8);
        using var loaded = CausalLM.Load(model);
        double[][] margins = [.. Enumerable.Range(1, 3).Select(i =>
        {
            using var member = PeftFolder.Load(loaded, Path.Combine(run, "adapter", $"member-{i}"));
            var reward = new ModelReward("member", loaded, member);
            double Score(PreferencePair pair, string answer) => reward.ScoreAsync([AnsweredPrompt.OfText(new(pair.Id, pair.Prompt, new Dictionary<string, System.Text.Json.JsonElement>()), answer)]).GetAwaiter().GetResult()[0].Value!.Value;
            return heldOut.Select(p => Score(p, p.Chosen) - Score(p, p.Rejected)).ToArray();
        })];
        double[][] pairs = [.. Enumerable.Range(0, heldOut.Count).Select(p => margins.Select(m => m[p]).ToArray())];
        var right = pairs.Count(m => m.Sum() > 0);
        var divided = pairs.Count(m => m.Any(x => x > 0) && m.Any(x => x <= 0));
        double Deviation(double[] m) => Math.Sqrt(m.Sum(x => Math.Pow(x - (m.Sum() / 3), 2)) / 3);
        Assert.Equal((double)right / heldOut.Count, (double)readings["ensemble.accuracy"]["value"]!);
        Assert.Equal((double)divided / heldOut.Count, (double)readings["ensemble.divided"]["value"]!);
        Assert.Equal(pairs.Average(Deviation), (double)readings["ensemble.spread"]["value"]!, 1e-6);
        Assert.All(readings.Values, r => Assert.Equal(heldOut.Count, (int)r["count"]!));
        var wilson = Proportion.Wilson(right, heldOut.Count);
        Assert.Equal((wilson.Low, wilson.High), ((double)readings["ensemble.accuracy"]["interval"]!["low"]!, (double)readings["ensemble.accuracy"]["interval"]!["high"]!));
        var text = CommandLine.Run("report", run).Output;
        foreach (var name in readings.Keys)
        {
            Assert.Matches($@"(?m)^  {System.Text.RegularExpressions.Regex.Escape(name)} +\S.*\(95\u00A0% interval .*, {heldOut.Count} items\)", text);
            Assert.Contains(name, File.ReadAllText(Path.Combine(run, "report.html")), StringComparison.Ordinal);
        }

        Assert.Empty(JsonNode.Parse(File.ReadAllText(Path.Combine(Trained("none", "members=2", "held_out=0"), "report.json")))!["readings"]!.AsArray());
    }

    private string[] Line(string reward) =>
        ["train", "grpo", "--model", model, "--data", folder.File("prompts.jsonl"), "--set", $"reward={reward}", "rollouts.prompts=2", "rollouts.samples=3", "rollouts.max_new_tokens=4", "batch_rows=6", "max_updates=2", "learning_rate=1e-2", "rank=2", "samples.count=0"];

    private string Trained(string name, params string[] options)
    {
        var result = CommandLine.Run(["train", "reward", "--model", model, "--data", folder.File("pairs.jsonl"), "--out", folder.File(name), "--set", "max_updates=3", "batch_rows=4", "rank=2", .. options]);
        Assert.True(result.Code == 0, result.Error);
        return folder.File(name);
    }

    private static byte[] Weights(string run, int member) => File.ReadAllBytes(Path.Combine(run, "adapter", FormattableString.Invariant($"member-{member}"), "adapter_model.safetensors"));

    private static void Stop(Progress progress, string member, CancellationTokenSource stop)
    {
        if (progress.Task == "REWARD " + member && progress.Done == 2)
            stop.Cancel();
    }

    private sealed class Watch(Action<Progress> look) : IProgress<Progress>
    {
        public void Report(Progress value) => look(value);
    }
}
