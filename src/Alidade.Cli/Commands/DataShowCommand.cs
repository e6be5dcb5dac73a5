using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Alidade.Cli.Terminal;
using Alidade.Core.Data;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Reports;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade data show</c>: what a data file holds.</summary>
internal static class DataShowCommand
{
    private const int LongestValue = 240;

    public static Command Make()
    {
        var name = new Argument<string>("name") { Description = "A file of your own (.jsonl, .json, .csv, .tsv, .txt, also .gz), or the name of a published set or file" };
        var rows = new Option<int>("--rows", "-n") { Description = "Rows to show of each file", DefaultValueFactory = _ => 2 };
        var data = new DataOption();
        var json = new Option<bool>("--json") { Description = "Print the result as JSON, with whole values" };
        var show = new Command("show", "Show what a data file holds: fields, number of rows, hash, the first rows") { name, rows, data.Option, json };
        show.SetAction(parsed =>
        {
            Output.Print(DataView.Of(parsed.GetValue(name)!, data.Home(parsed), parsed.GetValue(rows)), parsed.GetValue(json), Text);
            return 0;
        });
        return show;
    }

    private static string Text(DataView view)
    {
        var text = new StringBuilder();
        if (view.Set is { } set)
            text.Append(DataText.Terms(set));
        foreach (var file in view.Files)
            Append(text, file);
        foreach (var absent in view.Absent)
            text.AppendLine($"not here: {absent}");
        if (view.Absent.Count > 0)
            text.AppendLine($"to fetch: alidade data pull {view.Set!.Name}");
        return text.ToString();
    }

    private static void Append(StringBuilder text, FileView file)
    {
        text.AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"{file.Published ?? file.Path}: {file.Rows:n0} rows ({Rows(file.Form)}), {DataText.Size(file.Bytes)}, SHA-256 {file.Sha256}");
        var width = file.Fields.Select(f => Shown(f.Name).Length).DefaultIfEmpty().Max();
        foreach (var field in file.Fields)
            text.AppendLine(CultureInfo.InvariantCulture, $"  {Shown(field.Name).PadRight(width)}  {string.Join(" or ", field.Kinds)}{(field.Filled == file.Rows ? "" : $", filled in {field.Filled:n0}")}");
        foreach (var (row, i) in file.FirstRows.Select((row, i) => (row, i)))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"row {i + 1}");
            foreach (var (name, value) in row)
                text.AppendLine($"  {Shown(name).PadRight(width)}  {Shown(value)}");
        }
    }

    private static string Rows(RowForm form) => form switch
    {
        RowForm.Table => "a table below its header line",
        RowForm.HeaderlessTable => "a table without a header line",
        RowForm.JsonLines => "a JSON object a line",
        RowForm.JsonList => "objects of a JSON list",
        RowForm.JsonEntries => "members of a JSON object",
        RowForm.JsonLeaves => "items at the ends of nested JSON objects",
        _ => "lines of text",
    };

    private static string Shown(string name) => name.Length == 0 ? "(unnamed)" : VisibleText.Line(name);

    private static string Shown(JsonElement value)
    {
        var whole = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        if (whole.Length <= LongestValue)
            return VisibleText.Line(whole);
        // Not between the halves of a pair.
        var end = char.IsHighSurrogate(whole[LongestValue - 1]) ? LongestValue - 1 : LongestValue;
        return string.Create(CultureInfo.InvariantCulture, $"{VisibleText.Line(whole[..end])}… ({whole.Length:n0} characters)");
    }
}
