using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Runs;
using Alidade.Core.Statistics;
using Alidade.Tests.Core;
using Alidade.Training.Catalogue;
using Alidade.Training.Jobs;

namespace Alidade.Tests.Cli;

/// <summary>Methods in rounds from the command line.</summary>
public sealed class TrainRoundsCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;
    private readonly string data;

    public TrainRoundsCommandTests()
    {
        model = TinyModel.Write(folder.File("model"));
        data = folder.Write("prompts.jsonl", string.Concat(Enumerable.Range(0, 12).Select(i => $$"""{"prompt": "the cat {{i}}"}""" + "\n")));
    }

    /// <summary>Every method but the one whose judge is the model itself, which must be tuned for chat.</summary>
    public static TheoryData<string> Methods => [.. ObjectiveCatalogue.All.Where(o => o.Family is RoundFamily && o.Name != "self_rewarding").Select(o => o.Name)];

    public void Dispose() => folder.Dispose();

    [Theory]
    [MemberData(nameof(Methods))]
    public void A_method_in_rounds_trains_and_tells_every_update_and_every_measure(string method)
    {
        var run = folder.File("run");
        var result = CommandLine.Run([.. Line(method), "--out", run]);
        Assert.True(result.Code == 0, result.Error);
        Assert.True(File.Exists(Path.Combine(run, "adapter", "adapter_model.safetensors")));
        var report = JsonNode.Parse(File.ReadAllText(Path.Combine(run, "report.json")))!;
        var events = RunLogging.Latest(RunView.Open(run)).ToArray();
        var updates = (int)report["updates"]!;
        Assert.True(updates > 1);
        Assert.Equal(Enumerable.Range(1, updates).Select(u => (long)u), events.Where(e => e.Values.ContainsKey("gradient_norm")).Select(e => (long)e.Step));
        // Before the first round, and after each of two.
        Assert.Equal(3, events.Count(e => e.Values.ContainsKey("held_out_reward")));
        Assert.Contains(report["numbers"]!.AsArray(), n => (string)n!["name"]! == "held-out reward" && n["last_interval"] is not null);
        Assert.Contains(RunView.Open(run).Samples(), s => s.Phase == "update-000000" && s.Item.Score is not null);
        // The recipe has the method's options, and nothing of what runs it.
        var objective = JsonNode.Parse((string)report["recipe"]!)!["objective"]!.AsObject();
        Assert.Equal((2, false), ((int)objective["rounds"]!, objective.ContainsKey("model") || objective.ContainsKey("options") || objective.ContainsKey("sampling")));
    }

    [Fact]
    public void Updates_of_a_plan_are_the_most_that_rounds_may_make()
    {
        // Ten prompts are left, each of which gives a row at most: five micro-batches of two in each of two rounds.
        var plan = CommandLine.Run([.. Line("raft"), "--dry-run"]);
        Assert.True(plan.Code == 0, plan.Error);
        Assert.Contains("at most 10 of 2 answers", plan.Output, StringComparison.Ordinal);
        Assert.Contains("not measured: what a round learns is found when its answers have been judged", plan.Output, StringComparison.Ordinal);
        // A third of its answers, of which there are four to a prompt: 14 rows.
        Assert.Contains("at most 14 of 2 answers", CommandLine.Run([.. Line("raft"), "objective.ranking=top", "objective.share=0.35", "--dry-run"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompts_of_rounds_are_shown_without_a_reward()
    {
        var shown = CommandLine.Run("data", "show", data, "--model", model, "--objective", "raft", "--rows", "1");
        Assert.True(shown.Code == 0, shown.Error);
        Assert.Contains("for raft: 12 rows kept", shown.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Held_out_answers_of_which_none_is_scored_end_the_run_in_one_line()
    {
        var unscored = Assert.Throws<AlidadeException>(() => RoundFamily.Point(new(7, null, 3)));
        Assert.Contains("no answer to a held-out prompt could be scored after 7 updates (3 answers)", unscored.Message, StringComparison.Ordinal);
        var point = RoundFamily.Point(new(7, Mean.Of([0.0, 1.0, 1.0]), 2));
        Assert.Equal((7, 2.0), (point.Update, point.Metrics["unscored"]));
        Assert.Equal(-2.0 / 3, point.Loss, 1e-15);
        Assert.True(point.Metrics["reward_low"] < point.Metrics["reward"] && point.Metrics["reward"] < point.Metrics["reward_high"]);
    }

    [Fact]
    public void A_round_that_finds_nothing_to_learn_says_why()
    {
        var result = CommandLine.Run([.. Line("rejection_sampling"), "objective.threshold=5", "--out", folder.File("run")]);
        Assert.Equal(2, result.Code);
        Assert.Contains("round 1 found nothing to learn in 40 answers (below the threshold: 40)", result.Error, StringComparison.Ordinal);
    }

    private string[] Line(string method) =>
    [
        "train", method, "--model", model, "--data", data, "--set", "reward={\"rule\":{\"name\":\"contains\",\"text\":\"a\"}}", "objective.rounds=2", "held_out=0.2", "batch_rows=2", "rank=2",
        "rollouts.samples=" + (method is "online_dpo" or "xpo" ? 2 : 4), "rollouts.max_new_tokens=6", "samples.count=1", "samples.max_new_tokens=4", "learning_rate=1e-2",
        .. method == "rejection_sampling" ? ["objective.threshold=-100"] : Array.Empty<string>(),
    ];
}
