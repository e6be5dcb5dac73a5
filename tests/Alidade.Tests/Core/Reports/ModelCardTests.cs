using System.Globalization;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using YamlDotNet.RepresentationModel;

namespace Alidade.Tests.Core.Reports;

public sealed class ModelCardTests
{
    private const string Evil = "a \"b\": c\n---\n# {x} <script>alert(1)</script> | `d` \u001b[31m";

    [Fact]
    public void The_front_matter_is_yaml_with_the_fields_of_the_hub_and_the_measured_numbers()
    {
        var report = MadeReport.Rich() with { Objectives = ["sft", "dpo"] };
        var front = Front(report with { Model = report.Model with { License = "apache-2.0" } });
        Assert.Equal("SmolLM2-135M-Instruct", Text(front, "base_model"));
        Assert.Equal("peft", Text(front, "library_name"));
        Assert.Equal("apache-2.0", Text(front, "license"));
        Assert.Equal(["alidade", "lora", "sft", "dpo"], ((YamlSequenceNode)front["tags"]).Select(t => t.ToString()));
        var results = (YamlSequenceNode)((YamlSequenceNode)front["model-index"])[0]["results"];
        Comparison[] measured = [.. report.Comparisons, .. report.Attacks.Select(a => a.Rate)];
        Assert.Equal(measured.Select(c => (c.Name, c.After.Value!.Value)), results.Select(r => (r["dataset"]["type"].ToString(), double.Parse(r["metrics"][0]["value"].ToString(), CultureInfo.InvariantCulture))));
    }

    [Fact]
    public void A_licence_that_is_no_identifier_is_another_one_and_a_missing_one_is_said()
    {
        var front = Front(MadeReport.Rich() with { Model = MadeReport.Rich().Model with { License = "Free for: some" } });
        Assert.Equal("other", Text(front, "license"));
        Assert.Equal("Free for: some", Text(front, "license_name"));
        Assert.Contains("The files of the base model name no licence.", MadeReport.Rich().ToModelCard(), StringComparison.Ordinal);
    }

    [Fact]
    public void Foreign_text_stays_text()
    {
        var report = MadeReport.Rich();
        var card = (report with { Title = Evil, Model = report.Model with { Name = Evil, License = Evil }, RecipeSummary = [Evil], Labels = new Dictionary<string, string> { ["bias.crows_pairs"] = Evil } }).ToModelCard();
        Assert.Equal(Evil.Replace("\n", "⏎", StringComparison.Ordinal).Replace("\u001b", "␛", StringComparison.Ordinal), Text(Front(card), "base_model"));
        Assert.DoesNotContain("<script>", card[(card.IndexOf("\n---\n", StringComparison.Ordinal) + 5)..], StringComparison.Ordinal);
        Assert.DoesNotContain('\u001b', card);
    }

    [Fact]
    public void Verdicts_trust_and_everything_left_out_stand_in_the_text()
    {
        var calibrated = MadeReport.Rich() with { Calibrations = new Dictionary<string, IReadOnlyList<InstrumentCalibration>> { ["bias.crows_pairs"] = [new("stereotype", 0.97, new(0.93, 1, 0.95, "bootstrap"), 12, 9, 0.75, "made up"), new("backdoor", 0.5, null, 3, 9, null, "made up")] } };
        var card = calibrated.ToModelCard();
        Assert.Contains("**Not everything counts fully: 1 failed, 17 dropped", card, StringComparison.Ordinal);
        Assert.Matches(@"\| CrowS-Pairs \(`bias\.crows_pairs`\) \|.*calibrated, stereotype: AUROC 0\.970 .*12 planted models and 9 others; 75\.0.% found at 1 % false alarms; backdoor: AUROC 0\.500 on 3", card);
        Assert.Matches(@"\| TruthfulQA, single answer .*not calibrated \|", card);
        Assert.Contains("calibrated, stereotype: AUROC 0.970", calibrated.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("not calibrated", calibrated.ToHtml(), StringComparison.Ordinal);
    }

    private static YamlMappingNode Front(AlignmentReport report) => Front(report.ToModelCard());

    private static YamlMappingNode Front(string card)
    {
        Assert.StartsWith("---\n", card, StringComparison.Ordinal);
        var stream = new YamlStream();
        stream.Load(new StringReader(card[4..card.IndexOf("\n---\n", StringComparison.Ordinal)]));
        return (YamlMappingNode)stream.Documents[0].RootNode;
    }

    private static string Text(YamlMappingNode node, string key) => ((YamlScalarNode)node[key]).Value!;
}
