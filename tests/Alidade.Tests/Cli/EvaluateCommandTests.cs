using System.Text.Json.Nodes;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Endpoints;

namespace Alidade.Tests.Cli;

public sealed class EvaluateCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;
    private readonly string task;

    public EvaluateCommandTests()
    {
        model = TinyModel.Write(folder.File("model"));
        folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 30).Select(i => $"{{\"animal\": \"cat {i}\", \"place\": \"mat\", \"other\": \"log\"}}\n")));
        task = folder.Write("animals.yaml", "data: rows.jsonl\nprompt: \"the {{animal}} sat on the\"\nchoices: [\"{{place}}\", \"{{other}}\"]\nanswer: \"0\"\nmetrics: [acc]\n");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_task_of_ones_own_is_measured_reported_compared_and_gated()
    {
        var first = CommandLine.Run("evaluate", "--model", model, "--tasks", task, "--out", folder.File("first"), "--require", "own.animals.acc>=0");
        Assert.Equal(0, first.Code);
        Assert.Matches(@"own\.animals\.acc .* n 30", first.Output);
        var report = JsonNode.Parse(CommandLine.Run("report", folder.File("first"), "--json").Output)!;
        Assert.Equal(30, (int)report["measurements"]![0]!["count"]!);
        Assert.Contains(report["files"]!.AsArray(), f => ((string)f!["path"]!).EndsWith("rows.jsonl", StringComparison.Ordinal));

        var second = CommandLine.Run("evaluate", "--model", model, "--tasks", task, "--limit", "25", "--out", folder.File("second"), "--require", "own.animals.acc>1", "--require", "own.animal.acc>0");
        Assert.Equal(3, second.Code);
        Assert.Contains(second.ErrorLines, l => l.StartsWith("alidade: gate: own.animals.acc is ", StringComparison.Ordinal));
        Assert.Contains(second.ErrorLines, l => l.Contains("own.animal.acc was not measured (did you mean 'own.animals.acc'?)", StringComparison.Ordinal));

        var compared = CommandLine.Run("compare", folder.File("first"), folder.File("second"));
        Assert.Contains("no difference seen", compared.Output, StringComparison.Ordinal);
        Assert.Contains("only items that both scored are compared", compared.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_goes_on_with_the_data_it_began_with_and_with_no_other()
    {
        var run = folder.File("run");
        Assert.Equal(0, CommandLine.Run("evaluate", "--model", model, "--tasks", task, "--out", run).Code);
        var samples = File.ReadAllText(Path.Combine(run, "samples.jsonl"));
        Directory.Delete(Path.Combine(run, "stages"), recursive: true);
        File.Delete(Path.Combine(run, "samples.jsonl"));
        Assert.Equal(0, CommandLine.Run("evaluate", "--resume", run).Code);
        Assert.Equal(samples, File.ReadAllText(Path.Combine(run, "samples.jsonl")));
        folder.Write("rows.jsonl", "{\"animal\": \"dog\", \"place\": \"mat\", \"other\": \"log\"}\n");
        CommandLine.Run("evaluate", "--resume", run).IsOneLine("rows.jsonl", "is not the file that the run began with");
    }

    [Fact]
    public void Toxicity_is_scored_by_words_of_ones_own()
    {
        // Every byte that a model can write, so that every answer holds one.
        var words = folder.Write("words.txt", string.Concat(Enumerable.Range('a', 26).Select(c => $"{(char)c}\t0.5\n")));
        var run = CommandLine.Run("evaluate", "--model", Norms(out var norms), "--tasks", norms, "--chat", "never", "--toxicity-lexicon", words, "--out", folder.File("lexicon"));
        Assert.Equal(0, run.Code);
        var report = JsonNode.Parse(CommandLine.Run("report", folder.File("lexicon"), "--json").Output)!;
        Assert.Contains(report["files"]!.AsArray(), f => ((string)f!["path"]!).EndsWith("words.txt", StringComparison.Ordinal));
        Assert.Contains(report["measurements"]!.AsArray(), m => (string)m!["name"]! == "behaviour.trustgpt.toxicity.lexicon" && m["value"] is not null);
        CommandLine.Run("evaluate", "--model", model, "--tasks", norms, "--toxicity-lexicon", words, "--perspective", "http://127.0.0.1:9/v1", "--out", folder.File("none"))
            .IsOneLine("give one of --toxicity-model, --toxicity-lexicon and --perspective");
    }

    [Fact]
    public async Task Toxicity_is_scored_by_a_service_whose_key_goes_into_its_own_header()
    {
        var keys = new System.Collections.Concurrent.ConcurrentQueue<string?>();
        await using var server = await FaultyEndpoint.Start(async context =>
        {
            keys.Enqueue(context.Request.Headers["X-Goog-Api-Key"]);
            await FaultyEndpoint.Json("""{"attributeScores": {"TOXICITY": {"summaryScore": {"value": 0.25}}}}""")(context);
        });
        Environment.SetEnvironmentVariable("ALIDADE_TEST_TOXICITY_KEY", "k-1");
        var run = CommandLine.Run("evaluate", "--model", Norms(out var norms), "--tasks", norms, "--chat", "never", "--perspective", $"{server.Url}", "--perspective-key-env", "ALIDADE_TEST_TOXICITY_KEY", "--out", folder.File("service"));
        Assert.Equal(0, run.Code);
        var report = JsonNode.Parse(CommandLine.Run("report", folder.File("service"), "--json").Output)!;
        Assert.Equal(0.25, (double)report["measurements"]!.AsArray().Single(m => (string)m!["name"]! == "behaviour.trustgpt.toxicity.perspective")!["value"]!);
        Assert.Equal(["k-1"], keys.Distinct());
        Assert.DoesNotContain("k-1", File.ReadAllText(Path.Combine(folder.File("service"), "run.json")), StringComparison.Ordinal);
    }

    // A model whose context holds the prompts of TrustGPT, and a task over two norms.
    private string Norms(out string task)
    {
        TinyModel.Write(folder.File("chat"), context: 1024);
        folder.Write("norms.jsonl", "{\"action\": \"keeping my promise\", \"judgement\": \"it's good\"}\n{\"action\": \"lying to a friend\", \"judgement\": \"it's wrong\"}\n");
        task = folder.Write("norms.yaml", "use: behaviour.trustgpt\ndata: norms.jsonl\noptions: {max_new_tokens: 8, groups: {gender: [male, female]}}\n");
        return folder.File("chat");
    }

    [Fact]
    public void What_is_wrong_is_one_line_and_leaves_no_run_behind()
    {
        string[] Arguments(params string[] more) => ["evaluate", "--model", model, "--out", folder.File("none"), .. more];
        CommandLine.Run(Arguments()).IsOneLine("name a suite or tasks");
        CommandLine.Run(Arguments("--suite", "bias", "--tasks", task)).IsOneLine("one of the two");
        CommandLine.Run(Arguments("--tasks", "bias.crows_pairs", "--data", folder.Path)).IsOneLine("alidade data pull crows_pairs");
        CommandLine.Run(Arguments("--tasks", folder.Write("bad.yaml", "data: rows.jsonl\npromt: x\n"))).IsOneLine("bad.yaml", "'promt'", "did you mean 'prompt'?");
        CommandLine.Run(Arguments("--tasks", task, "--limit", "0")).IsOneLine("the limit of items is 0");
        CommandLine.Run(Arguments("--tasks", task, "--require", "own.animals.acc=1")).IsOneLine("is no requirement");
        CommandLine.Run(Arguments("--tasks", task, "--endpoint", "http://127.0.0.1:9/v1", "--endpoint-model", "m")).IsOneLine("not both");
        Assert.False(Directory.Exists(folder.File("none")));
        CommandLine.Run("compare", folder.File("none"), folder.File("none")).IsOneLine("is not a run folder");
    }
}
