using System.Text.Json.Nodes;
using Alidade.Core.Files;
using Alidade.Core.Reports;

namespace Alidade.Core.Gates;

/// <summary>How the rules of a gate fared, as a log that code scanning reads: a result for each rule, at its line in the gate's file.</summary>
/// <remarks>SARIF 2.1.0 (OASIS standard, 27 March 2020).</remarks>
public static class SarifLog
{
    /// <summary>The log as JSON.</summary>
    /// <param name="report">What was measured.</param>
    /// <param name="gate">The gate.</param>
    /// <param name="outcomes">How its rules fared.</param>
    public static string Of(EvaluationReport report, GateFile gate, IReadOnlyList<GateOutcome> outcomes)
    {
        var uri = Uri(gate.Path);
        var log = new JsonObject
        {
            ["$schema"] = "https://json.schemastore.org/sarif-2.1.0.json",
            ["version"] = "2.1.0",
            ["runs"] = new JsonArray(new JsonObject
            {
                ["tool"] = new JsonObject
                {
                    ["driver"] = new JsonObject
                    {
                        ["name"] = "Alidade",
                        ["version"] = VisibleText.Line(report.AlidadeVersion),
                        ["rules"] = new JsonArray([.. outcomes.Select(Rule)]),
                    },
                },
                ["invocations"] = new JsonArray(new JsonObject
                {
                    ["executionSuccessful"] = true,
                    ["commandLine"] = VisibleText.Line(report.Command),
                    ["endTimeUtc"] = report.When.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture),
                    ["toolExecutionNotifications"] = new JsonArray([.. report.NotRun.Select(n => new JsonObject { ["level"] = "warning", ["message"] = Text($"{n.Task} was not run: {n.Reason}") })]),
                }),
                ["results"] = new JsonArray([.. outcomes.Select((o, i) => Result(report, o, i, uri))]),
            }),
        };
        return log.ToJsonString(Json.Indented) + "\n";
    }

    private static JsonObject Rule(GateOutcome outcome)
    {
        var rule = new JsonObject { ["id"] = VisibleText.Line(outcome.Rule.Rule), ["shortDescription"] = Text(outcome.Rule.Rule) };
        if ((outcome.Rule.Reason ?? outcome.Measurement?.Meaning) is { } more)
            rule["fullDescription"] = Text(more);
        return rule;
    }

    private static JsonObject Result(EvaluationReport report, GateOutcome outcome, int index, string uri) => new()
    {
        ["ruleId"] = VisibleText.Line(outcome.Rule.Rule),
        ["ruleIndex"] = index,
        ["kind"] = outcome.Failure is null ? "pass" : "fail",
        ["level"] = outcome.Failure is null ? "none" : "error",
        ["message"] = Text($"{report.Model}: {outcome.Message ?? "met"}; {(outcome.Measurement is { } m ? JUnitXml.Said(m) : "not measured")}"),
        ["locations"] = new JsonArray(new JsonObject
        {
            ["physicalLocation"] = new JsonObject
            {
                ["artifactLocation"] = new JsonObject { ["uri"] = uri },
                ["region"] = new JsonObject { ["startLine"] = outcome.Line },
            },
        }),
    };

    private static JsonObject Text(string text) => new() { ["text"] = VisibleText.Line(text) };

    private static string Uri(string path) => System.IO.Path.IsPathRooted(path) ? new Uri(path).AbsoluteUri : string.Join('/', path.Replace('\\', '/').Split('/').Select(System.Uri.EscapeDataString));
}
