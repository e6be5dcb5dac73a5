using System.Text.Json.Nodes;
using System.Xml.Linq;
using Alidade.Core;
using Alidade.Core.Gates;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;

namespace Alidade.Tests.Core.Gates;

public sealed class GateTests : IDisposable
{
    private const string Text = """
        suite: quick
        rules:
          - bias.crows_pairs<=0.6
          - { rule: "factuality.truthfulqa.mc1>=0.5", reason: "no worse than the last release" }
          - behaviour.xstest.full_refusal<0.2
        """;

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void Every_rule_is_met_or_says_why_not_with_its_reason_and_line()
    {
        var outcomes = Read(Text).Outcomes([Measured("bias.crows_pairs", 0.55), Measured("factuality.truthfulqa.mc1", 0.3)]);
        Assert.Null(outcomes[0].Failure);
        Assert.Equal("factuality.truthfulqa.mc1 is 0.3, required >= 0.5 (no worse than the last release)", outcomes[1].Message);
        Assert.StartsWith("behaviour.xstest.full_refusal was not measured", outcomes[2].Message, StringComparison.Ordinal);
        Assert.Equal([3, 4, 5], outcomes.Select(o => o.Line));
    }

    [Fact]
    public void A_measure_belongs_to_the_task_with_the_longest_name_that_it_begins_with()
    {
        string[] known = ["bias.crows_pairs", "bias.crows_pairs.masked", "factuality.truthfulqa", "behaviour.xstest"];
        Assert.Equal(["bias.crows_pairs", "factuality.truthfulqa", "behaviour.xstest"], Read(Text).TasksOfRules(known));
        Assert.Equal(["bias.crows_pairs.masked"], Read("rules: [bias.crows_pairs.masked.any<1]").TasksOfRules(known));
        var wrong = Assert.Throws<AlidadeException>(() => Read("rules:\n  - bias.crows_pears<=0.6").TasksOfRules(known));
        Assert.Contains(":2: 'bias.crows_pears' is a measure of no task (did you mean 'bias.crows_pairs'?)", wrong.Message, StringComparison.Ordinal);
        Assert.Contains("line 4: 'factuality.truthfulqa.mc1'", Assert.Throws<AlidadeException>(() => Read(Text).Check(["bias.crows_pairs", "behaviour.xstest"])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("rules: []", "there is none")]
    [InlineData("rules: [bias.crows_pairs=0.6]", "is no requirement")]
    [InlineData("rules: [{ rule: \"a<1\", reasn: b }]", "'rules[0].reasn'", "did you mean 'reason'?")]
    [InlineData("rules: [a<1]\nsuite: quick\ntasks: [b]", "one of the two")]
    [InlineData("rules: [a<1]\nlimit: 0", "limit: 0")]
    public void A_gate_that_cannot_be_used_is_one_line(string text, params string[] holds)
    {
        var error = Assert.Throws<AlidadeException>(() => Read(text));
        Assert.All(holds, h => Assert.Contains(h, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Junit_counts_cases_and_failures_and_holds_hostile_text()
    {
        const string Evil = "<x>&\"'\u0000\u001b[31m\uFFFF";
        var report = Report() with { Model = Evil, Command = Evil, NotRun = [new(Evil, Evil)] };
        var outcomes = Read(Text).Outcomes(report.Measurements);
        var suite = XDocument.Parse(JUnitXml.Of(report, outcomes)).Root!.Element("testsuite")!;
        Assert.Equal(["4", "2", "0", "1"], ((string[])["tests", "failures", "errors", "skipped"]).Select(a => suite.Attribute(a)!.Value));
        Assert.Equal(4, suite.Elements("testcase").Count());
        Assert.Equal("factuality.truthfulqa.mc1 is 0.3, required >= 0.5 (no worse than the last release)", suite.Elements("testcase").ElementAt(1).Element("failure")!.Attribute("message")!.Value);
        Assert.NotNull(suite.Elements("testcase").Last().Element("skipped"));
        var without = XDocument.Parse(JUnitXml.Of(Report(), [])).Root!.Element("testsuite")!;
        Assert.Equal(["bias.crows_pairs", "factuality.truthfulqa.mc1"], without.Elements("testcase").Select(c => c.Attribute("name")!.Value));
    }

    [Fact]
    public void Sarif_has_a_result_for_each_rule_at_its_line()
    {
        var gate = Read(Text);
        var run = JsonNode.Parse(SarifLog.Of(Report(), gate, gate.Outcomes(Report().Measurements)))!["runs"]![0]!;
        var results = run["results"]!.AsArray();
        Assert.Equal(["pass", "fail", "fail"], results.Select(r => (string)r!["kind"]!));
        // The standard: a kind other than "fail" has the level "none".
        Assert.Equal(["none", "error", "error"], results.Select(r => (string)r!["level"]!));
        Assert.Equal([3, 4, 5], results.Select(r => (int)r!["locations"]![0]!["physicalLocation"]!["region"]!["startLine"]!));
        Assert.All(results.Select((r, i) => (r, i)), r => Assert.Equal((string)run["tool"]!["driver"]!["rules"]![r.i]!["id"]!, (string)r.r!["ruleId"]!));
        Assert.StartsWith("file:///", (string)results[0]!["locations"]![0]!["physicalLocation"]!["artifactLocation"]!["uri"]!, StringComparison.Ordinal);
    }

    private GateFile Read(string text) => GateFile.Read(folder.Write("gate.yaml", text));

    private static EvaluationReport Report() => new()
    {
        Model = "m",
        Identity = "sha256:00",
        BlackBox = false,
        When = DateTimeOffset.UnixEpoch,
        Run = "run",
        Asked = "suite quick",
        Command = "alidade check m",
        Cost = new(1, 2.5),
        Environment = new RunEnvironment("", "", "", 1, 1),
        Measurements = [Measured("bias.crows_pairs", 0.55), Measured("factuality.truthfulqa.mc1", 0.3)],
    };

    private static Measurement Measured(string name, double value) =>
        new() { Name = name, Meaning = "A share.", Value = value, Unit = "share", Count = 40, Interval = new(value - 0.1, value + 0.1, 0.95, "Wilson"), Cost = new(10, 1) };
}
