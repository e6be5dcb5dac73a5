using System.Text.Json.Nodes;
using System.Xml.Linq;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

public sealed class CheckCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly string model;

    public CheckCommandTests()
    {
        model = TinyModel.Write(folder.File("model"));
        folder.Write("rows.jsonl", string.Concat(Enumerable.Range(0, 30).Select(i => $"{{\"animal\": \"cat {i}\", \"place\": \"mat\", \"other\": \"log\"}}\n")));
        folder.Write("animals.yaml", "data: rows.jsonl\nprompt: \"the {{animal}} sat on the\"\nchoices: [\"{{place}}\", \"{{other}}\"]\nanswer: \"0\"\nmetrics: [acc]\n");
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void A_gate_names_its_tasks_and_says_which_of_its_rules_fail()
    {
        var gate = folder.Write("gate.yaml", "tasks: [animals.yaml]\nlimit: 20\nrules:\n  - own.animals.acc>=0\n  - { rule: own.animals.acc>1, reason: \"nobody reaches this\" }\n");
        var (junit, sarif) = (folder.File("result.xml"), folder.File("result.sarif"));
        var result = CommandLine.Run("check", model, "--gate", gate, "--out", folder.File("run"), "--junit", junit, "--sarif", sarif);
        Assert.Equal(3, result.Code);
        Assert.Contains("Gate shut: 1 of 2 rules met", result.Output, StringComparison.Ordinal);
        var line = Assert.Single(result.ErrorLines, l => l.StartsWith("alidade: gate: ", StringComparison.Ordinal));
        Assert.Matches(@"own\.animals\.acc is [\d.]+, required > 1 \(nobody reaches this\)", line);
        Assert.Equal("1", XDocument.Load(junit).Root!.Attribute("failures")!.Value);
        Assert.Equal(["pass", "fail"], JsonNode.Parse(File.ReadAllText(sarif))!["runs"]![0]!["results"]!.AsArray().Select(r => (string)r!["kind"]!));
        Assert.Matches(@"own\.animals\.acc .* n 20", result.Output);

        // The report tells the same, with the gate's file among those that went in.
        var record = JsonNode.Parse(File.ReadAllText(folder.File("run/report.json")))!;
        Assert.Equal([(true, 0.0), (false, 1.0)], record["gate"]!.AsArray().Select(o => ((bool)o!["met"]!, (double)o["required"]!["bound"]!)));
        Assert.Equal((double)record["measurements"]![0]!["value"]!, (double)record["gate"]![1]!["measurement"]!["value"]!);
        Assert.Contains(record["files"]!.AsArray(), f => (string)f!["role"]! == "gate" && (string)f["path"]! == gate);
        Assert.Contains("nobody reaches this", File.ReadAllText(folder.File("run/report.html")), StringComparison.Ordinal);
        Assert.Contains("Gate shut: 1 of 2 rules met", CommandLine.Run("report", folder.File("run")).Output, StringComparison.Ordinal);

        // The same run once more, its answers kept, behind a gate that opens.
        var open = CommandLine.Run("check", "--resume", folder.File("run"), "--gate", folder.Write("open.yaml", "rules: [own.animals.acc>=0]"));
        Assert.True(open.Code == 0, open.Error);
        Assert.DoesNotContain("gate: own", open.Error, StringComparison.Ordinal);
        var gates = JsonNode.Parse(File.ReadAllText(folder.File("run/report.json")))!["gate"]!.AsArray();
        Assert.True((bool)Assert.Single(gates)!["met"]!);
    }

    [Fact]
    public void What_is_wrong_is_one_line_before_anything_is_measured()
    {
        string[] Arguments(params string[] more) => ["check", model, "--out", folder.File("none"), .. more];
        string Gate(string text) => folder.Write("gate.yaml", text);
        CommandLine.Run(Arguments("--gate", folder.File("absent.yaml"))).IsOneLine("absent.yaml");
        CommandLine.Run(Arguments("--gate", Gate("rules: [own.animal.acc>0]\ntasks: [animals.yaml]"))).IsOneLine("line 1: 'own.animal.acc' is a measure of no task that is to be run", "did you mean 'own.animals'?");
        CommandLine.Run(Arguments("--gate", Gate("rules: [biass.crows_pairs<1]"))).IsOneLine("gate.yaml:1", "did you mean 'bias.crows_pairs'?");
        CommandLine.Run(Arguments("--gate", Gate("rules: [own.animals.acc]"))).IsOneLine("is no requirement");
        CommandLine.Run(Arguments("--sarif", folder.File("x.sarif"))).IsOneLine("--gate FILE");
        CommandLine.Run("check", "--out", folder.File("none")).IsOneLine("name the model to check");
        Assert.False(Directory.Exists(folder.File("none")));
    }
}
