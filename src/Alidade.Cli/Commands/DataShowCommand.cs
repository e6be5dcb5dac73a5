using System.CommandLine;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Data.Catalogue;
using Alidade.Core.Reports;
using Alidade.Models;
using Alidade.Training.Jobs;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade data show</c>: what a data file holds.</summary>
internal static class DataShowCommand
{
    private const int LongestValue = 240;

    public static Command Make()
    {
        var name = new Argument<string>("name") { Description = "A file of your own (.jsonl, .json, .csv, .tsv, .txt, also .gz; .parquet), or the name of a published set or file" };
        var rows = new Option<int>("--rows", "-n") { Description = "Rows to show of each file", DefaultValueFactory = _ => 2 };
        var data = new DataOption();
        var json = new Option<bool>("--json") { Description = "Print the result as JSON, with whole values" };
        var model = new Option<string?>("--model", "-m") { Description = "Show rows as this model's tokens, with what is learned: a Hugging Face folder, a .gguf file, or ORG/NAME of a pulled model" };
        var objective = new Option<string?>("--objective") { Description = "What is trained on the rows, such as sft or dpo; what the rows' fields say when left out" };
        var length = new Option<int>("--max-length") { Description = "Longest row in tokens; longer ones are dropped and counted", DefaultValueFactory = _ => 1024 };
        var show = new Command("show", "Show what a data file holds: fields, number of rows, hash, the first rows; with a model, its tokens and what is learned") { name, rows, data.Option, model, objective, length, json };
        show.SetAction(parsed =>
        {
            if (parsed.GetValue(model) is { } path)
            {
                var tokens = Tokens(path, parsed.GetValue(name)!, parsed.GetValue(objective), parsed.GetValue(length), parsed.GetValue(rows));
                Output.Print(tokens, parsed.GetValue(json), t => TokenText.Of(t, colour: !Console.IsOutputRedirected && Environment.GetEnvironmentVariable("NO_COLOR") is null or ""));
                return 0;
            }

            if (parsed.GetValue(objective) is not null)
                throw new AlidadeException("--objective shows rows as tokens, which a model makes: give --model");
            Output.Print(DataView.Of(parsed.GetValue(name)!, data.Home(parsed), parsed.GetValue(rows)), parsed.GetValue(json), Text);
            return 0;
        });
        return show;
    }

    // Apart, so that looking at fields loads no tensor library.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static RowTokens Tokens(string path, string file, string? objective, int maxLength, int rows)
    {
        var data = new TrainDataRecipe { File = file, MaxLength = maxLength };
        if (objective is null)
            (objective, data) = RowTokens.Guess(data, [.. FileView.Of(file, 0).Fields.Select(f => f.Name)]);
        using var model = CausalLM.Load(path);
        return RowTokens.Of(model, objective, data, rows);
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
        RowForm.Parquet => "rows of a Parquet file",
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
