using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alidade.Core.Results;

namespace Alidade.Core.Reports;

/// <summary>The report as a model card of the Hugging Face hub: YAML front matter with the measured numbers, and Markdown that says where they come from.</summary>
/// <remarks>Mitchell et al. 2019 (arXiv 1810.03993); the hub's fields: https://github.com/huggingface/hub-docs/blob/main/modelcard.md.</remarks>
internal static partial class ModelCard
{
    // A double-quoted text of YAML is one of JSON; words stay readable.
    private static readonly JsonSerializerOptions Quoting = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Render(AlignmentReport report)
    {
        var text = new StringBuilder();
        Comparison[] all = [.. report.Comparisons, .. report.Attacks.Select(a => a.Rate)];
        FrontMatter(text, report, all);
        var summary = ReportSummary.Of(report);
        Line($"# {Plain(report.Title)}");
        Line($"{Plain(report.Model.Name)} ({Plain(report.Model.Architecture)}, {Numbers.Parameters(report.Model.Parameters)} parameters), aligned with Alidade {Plain(report.AlidadeVersion)}. {Plain(summary.Headline)}");
        if (summary.LeftOut is { } leftOut)
            Line($"**{Plain(leftOut)}**");
        Line("## How it was made");
        foreach (var stage in report.RecipeSummary)
            text.Append("- ").Append(Plain(stage)).Append('\n');
        Line("");
        Line("## What was measured");
        Line("The same items before and after. An interval is one of the difference.");
        text.Append("| measure | before | after | difference | verdict | items | instrument |\n|---|---:|---:|---:|---|---:|---|\n");
        foreach (var c in all)
            text.Append(CultureInfo.InvariantCulture, $"| {Cell(report.Label(c.Name))} (`{c.Name}`) | {Numbers.Value(c.Before.Value, c.After.Unit)} | {Numbers.Value(c.After.Value, c.After.Unit)} | {Difference(c)} | {ReportSummary.Words(c.Verdict)} | {Numbers.Count(c.Pairs)} | {Cell(report.Trust(c.Name))} |\n");
        Line("");
        foreach (var note in summary.Notes)
            text.Append("- ").Append(Plain(note)).Append('\n');
        Line("");
        Line("## What the numbers do not say");
        foreach (var attack in report.Attacks)
            text.Append(CultureInfo.InvariantCulture, $"- {Plain(attack.Attack)}: {(attack.Bound == Bound.Lower ? "a lower reading, an attacker who tries harder succeeds more often" : attack.Bound == Bound.Upper ? "an upper reading, it also counts replies that only sound compliant" : "an estimate")}; judged by {Plain(attack.Judge)}.\n");
        text.Append("- An instrument that is not calibrated may be wrong in a way that no interval shows.\n");
        text.Append(report.Model.License is null ? "- The files of the base model name no licence.\n" : "");
        Line("");
        Line("## How to do it again");
        Line($"```text\n{report.Command.Replace("```", "'''", StringComparison.Ordinal)}\n```");
        Line($"Weights {Plain(report.Model.Hash)}; seeds {Plain(report.Seeds.Count == 0 ? "none" : string.Join(", ", report.Seeds.Select(s => $"{s.Key} {s.Value.ToString(CultureInfo.InvariantCulture)}")))}; {Numbers.Cost(report.Cost)}.");
        foreach (var data in report.Data)
            text.Append(CultureInfo.InvariantCulture, $"- {Plain(data.Name)}, {Plain(data.Purpose)}: {Numbers.Count(data.Used, "row")} used, {Numbers.Count(data.HeldOut)} held out, {Numbers.Count(data.Dropped.Values.Sum())} dropped; {Plain(data.Hash)}\n");
        return text.ToString();

        void Line(string line) => text.Append(line).Append(line.Length == 0 ? "\n" : "\n\n");
    }

    private static void FrontMatter(StringBuilder text, AlignmentReport report, Comparison[] all)
    {
        text.Append("---\n");
        text.Append(CultureInfo.InvariantCulture, $"base_model: {Quoted(report.Model.Name)}\nlibrary_name: {(report.Model.Adapter is null ? "transformers" : "peft")}\npipeline_tag: text-generation\n");
        if (report.Model.License is { } license)
            text.Append(LicenseId().IsMatch(license) ? $"license: {license}\n" : $"license: other\nlicense_name: {Quoted(license)}\n");
        text.Append("tags:\n- alidade\n");
        foreach (var tag in (report.Model.Adapter is null ? [] : (string[])["lora"]).Concat(report.Objectives).Distinct(StringComparer.Ordinal))
            text.Append(CultureInfo.InvariantCulture, $"- {tag}\n");
        var measured = all.Where(c => c.After.Value is not null).ToArray();
        if (measured.Length > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"model-index:\n- name: {Quoted(report.Title)}\n  results:\n");
            foreach (var c in measured)
                text.Append(CultureInfo.InvariantCulture, $"  - task:\n      type: text-generation\n    dataset:\n      type: {Quoted(c.Name)}\n      name: {Quoted(report.Label(c.Name))}\n    metrics:\n    - type: {Quoted(c.Name)}\n      name: {Quoted($"{c.After.Unit}, n {c.After.Count}, before {c.Before.Value?.ToString("G6", CultureInfo.InvariantCulture) ?? "none"}")}\n      value: {c.After.Value!.Value:R}\n");
        }

        text.Append("---\n\n");
    }

    private static string Difference(Comparison c) =>
        c.Interval is { } i ? $"{Numbers.Difference(c.Difference, c.After.Unit)} ({Numbers.DifferenceRange(i, c.After.Unit)})" : Numbers.Difference(c.Difference, c.After.Unit);

    private static string Quoted(string text) => JsonSerializer.Serialize(VisibleText.Line(text), Quoting);

    // Texts of models and data are untrusted: no markup of theirs is one of the card's.
    private static string Plain(string text) => VisibleText.Line(text).Replace("<", "&lt;", StringComparison.Ordinal);

    private static string Cell(string text) => Plain(text).Replace("|", "\\|", StringComparison.Ordinal);

    [GeneratedRegex("^[a-z0-9][a-z0-9.-]*$")]
    private static partial Regex LicenseId();
}
