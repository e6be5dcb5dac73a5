using System.Text.Json;
using System.Xml.Linq;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Gates;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Core.Statistics;

namespace Alidade.Tests.Core.Reports;

public sealed class EvaluationReportTests
{
    private const string Hostile = "<script>alert(1)</script> & \u001b[2J\n| x";

    [Fact]
    public void The_page_is_well_formed_and_nothing_of_a_text_gets_out_of_it()
    {
        var result = Result("bias.x", [1, 0, null, 1]);
        var html = Report([result.Measurement]).ToHtml([.. result.Items.Select(i => new RunSample("bias.x", "evaluation", i))]);
        var page = XDocument.Parse(html.Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));
        Assert.Equal(4, page.Descendants("details").Count(d => (string?)d.Attribute("class") == "sample"));
        Assert.Single(page.Descendants("script"));
        Assert.DoesNotContain("\u001b", html, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_count_stands_in_the_first_lines()
    {
        var report = Report([Result("bias.x", [1, null, null]).Measurement]) with { NotRun = [new("general.y", "general.y needs a judge")] };
        Assert.StartsWith("! without a score: 2 too long; 1 task not run", report.ToPlainText().Split('\n')[1], StringComparison.Ordinal);
        Assert.Contains("needs a judge", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Equal(report.ToPlainText(), JsonSerializer.Deserialize<EvaluationReport>(JsonSerializer.Serialize(report, Json.Line), Json.Line)!.ToPlainText());
    }

    [Fact]
    public void What_calibration_says_of_an_instrument_stands_in_every_form_of_the_report()
    {
        var report = Report([Result("bias.x", [1, 0]).Measurement]) with { Calibrations = new Dictionary<string, IReadOnlyList<InstrumentCalibration>> { ["bias.x"] = [new("false & belief", 0.9, new(0.8, 1, 0.95, "bootstrap"), 5, 50, null, "made up")] } };
        const string Says = "AUROC 0.900 (95\u00a0% interval 0.800 to 1) on 5 planted models and 50 others";
        Assert.Contains("bias.x: calibrated, false & belief: " + Says, report.ToPlainText(), StringComparison.Ordinal);
        Assert.Contains("| bias.x | calibrated, false & belief: " + Says, report.ToMarkdown(), StringComparison.Ordinal);
        Assert.Contains("false &amp; belief: " + Says, report.ToHtml([]), StringComparison.Ordinal);
        Assert.DoesNotContain("planted failures", Report([Result("bias.x", [1, 0]).Measurement]).ToMarkdown(), StringComparison.Ordinal);
        Assert.Equal(report.Calibrations["bias.x"], JsonSerializer.Deserialize<EvaluationReport>(JsonSerializer.Serialize(report, Json.Line), Json.Line)!.Calibrations["bias.x"]);
    }

    [Fact]
    public void A_gate_stands_in_every_form_of_the_report_with_reading_limit_outcome_and_reason()
    {
        var measured = Result("bias.x", [1, 0, 0, 0]).Measurement with { Interval = new(0.1, 0.6, 0.95, "Wilson") };
        GateRule[] rules = [new() { Rule = "bias.x<=0.5" }, new() { Rule = "bias.x<0.2", Reason = Hostile }, new() { Rule = "bias.y>0" }];
        var report = Report([measured]) with { Gate = new GateFile { Rules = rules }.Outcomes([measured]) };
        var page = XDocument.Parse(report.ToHtml([]).Replace("<!DOCTYPE html>", "", StringComparison.Ordinal));
        var section = page.Descendants("section").First();
        Assert.Equal("gate", section.Attribute("id")!.Value);
        Assert.Contains("Gate shut: 1 of 3 rules met.", section.Value, StringComparison.Ordinal);
        string[][] rows = [.. section.Descendants("tbody").Elements("tr").Select(r => r.Elements("td").Select(d => d.Value.Replace('\u00A0', ' ')).ToArray())];
        Assert.Equal(["25.0 %95 % interval 10.0 to 60.0 %, 4 items", "≤ 50.0 %", "✓ met", ""], rows[0]);
        Assert.Equal(("< 20.0 %", "✗ not met"), (rows[1][1], rows[1][2]));
        Assert.StartsWith("<script>alert(1)</script>", rows[1][3], StringComparison.Ordinal);
        Assert.Equal(("not measured", "✗ not met", "bias.y was not measured (did you mean 'bias.x'?)"), (rows[2][0], rows[2][2], rows[2][3]));

        Assert.Contains("✗ bias.x is 0.25, required < 0.2", report.ToPlainText(), StringComparison.Ordinal);
        Assert.Contains("| `bias.x<=0.5` | 25.0\u00A0% |", report.ToMarkdown(), StringComparison.Ordinal);
        var back = JsonSerializer.Deserialize<EvaluationReport>(JsonSerializer.Serialize(report, Json.Line), Json.Line)!;
        Assert.Equal(report.ToHtml([]), back.ToHtml([]));
        Assert.DoesNotContain("gate", Report([measured]).ToMarkdown() + Report([measured]).ToPlainText(), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("bias.x<=0.5", null)]
    [InlineData("bias.x < 0.5", "bias.x is 0.5, required < 0.5")]
    [InlineData("bias.x>=0.6", "bias.x is 0.5, required >= 0.6")]
    [InlineData("bias.y>0", "bias.y was not measured")]
    [InlineData("bias.none>0", "bias.none has no value")]
    public void A_requirement_is_met_or_says_why_not(string text, string? failure)
    {
        var found = Requirement.Parse(text).Failure([Result("bias.x", [1, 0]).Measurement, Result("bias.none", [null]).Measurement]);
        Assert.Equal(failure is null, found is null);
        Assert.StartsWith(failure ?? "", found ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("x=3")]
    [InlineData("<=0.5")]
    [InlineData("x<=high")]
    [InlineData("x<=NaN")]
    public void What_is_no_requirement_is_an_error(string text) => Assert.Throws<AlidadeException>(() => Requirement.Parse(text));

    [Fact]
    public void Runs_are_compared_on_the_items_that_both_scored()
    {
        using var folder = new TemporaryFolder();
        double?[] Scores(Func<int, double?> score) => [.. Enumerable.Range(0, 40).Select(score)];
        var first = Run(folder, "first", [Result("bias.x", Scores(_ => 0)), Result("bias.y", Scores(i => i % 2))]);
        var second = Run(folder, "second", [Result("bias.x", Scores(i => i == 39 ? null : 1)), Result("bias.y", Scores(i => i % 2))]);
        var comparison = RunComparer.Of([first, second]);
        var x = comparison.Measures[0].Others[0]!;
        Assert.Equal((1, 39, 1), (x.Difference, x.Pairs, x.Unpaired));
        Assert.Equal(Verdict.Worse, x.Verdict);
        Assert.Equal(Math.Min(1, 2 * x.PValue!.Value), x.AdjustedPValue!.Value, 12);
        Assert.Equal(Verdict.NoDifferenceSeen, comparison.Measures[1].Others[0]!.Verdict);
        Assert.Contains("worse", comparison.ToPlainText(), StringComparison.Ordinal);
        Assert.Throws<AlidadeException>(() => RunComparer.Of([first]));
    }

    private static string Run(TemporaryFolder folder, string name, MeasureResult[] results)
    {
        using var run = RunFolder.Create(Path.Combine(folder.Path, name), new() { Command = "evaluate" });
        foreach (var result in results)
            run.AddSamples("evaluation", result);
        run.WriteArtifact("report.json", JsonSerializer.Serialize(Report([.. results.Select(r => r.Measurement)]), Json.Indented));
        run.Finish();
        return run.Folder;
    }

    private static MeasureResult Result(string name, double?[] scores) => MeasureSummary.OfMean(
        new() { Name = name, Meaning = "A share. " + Hostile, Unit = "share", Direction = Direction.Lower, Count = 0, Cost = new(1, 1) },
        [.. scores.Select((s, i) => new ItemResult { Id = $"{i}", Input = Hostile, Output = Hostile, Score = s, Why = s is null ? "too long" : Hostile })]);

    private static EvaluationReport Report(IReadOnlyList<Measurement> measurements) => new()
    {
        Model = "m" + Hostile,
        Identity = "sha256:0",
        BlackBox = false,
        When = DateTimeOffset.UnixEpoch,
        Run = "run",
        Asked = "suite quick",
        Command = "alidade evaluate",
        Measurements = measurements,
        Cost = new(1, 1),
        Environment = RunEnvironment.Here(),
    };
}
