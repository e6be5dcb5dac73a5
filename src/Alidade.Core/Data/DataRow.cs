using System.Text.Json;
using Alidade.Core.Files;

namespace Alidade.Core.Data;

/// <summary>A row that cannot be used. The reader throws it on, or counts it by <see cref="Reason"/>.</summary>
internal sealed class DataRowException(string message, string reason, bool always = false, Exception? inner = null) : AlidadeException(message, inner!)
{
    /// <summary>Why, without file and line.</summary>
    public string Reason { get; } = reason;

    /// <summary>True when the format itself says that such rows are left out and counted.</summary>
    public bool AlwaysDropped { get; } = always;
}

/// <summary>One row of a file as its fields, with the place to name in an error.</summary>
/// <param name="File">Path as the user gave it.</param>
/// <param name="Line">Line of the file on which the row begins, from 1.</param>
/// <param name="Fields">Fields by name; those of a CSV file are all texts.</param>
internal sealed record DataRow(string File, int Line, IReadOnlyDictionary<string, JsonElement> Fields)
{
    /// <summary>True when the field is there and not null.</summary>
    public bool Has(string field) => Fields.TryGetValue(field, out var value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A field of the row, which must be there.</summary>
    public JsonElement Get(string field) => Has(field) ? Fields[field] : throw Missing(field);

    /// <summary>A text field.</summary>
    public string Text(string field) => Get(field) is { ValueKind: JsonValueKind.String } value ? value.GetString()! : throw WrongType(field, "a text");

    /// <summary>A text field that must hold more than white space.</summary>
    public string FilledText(string field) => Text(field) is var text && !string.IsNullOrWhiteSpace(text) ? text : throw Error(field, "is empty", $"empty field '{field}'");

    /// <summary>A text field that may be absent.</summary>
    public string? OptionalText(string field) => Has(field) ? Text(field) : null;

    /// <summary>A text field with one of a few values.</summary>
    public string OneOf(string field, params string[] allowed) =>
        Text(field) is var text && allowed.Contains(text, StringComparer.Ordinal) ? text
        : throw Error(field, $"is '{Short(text)}'; allowed: {string.Join(", ", allowed)}", $"unknown value in field '{field}'");

    /// <summary>A number, or a text that is one (CSV), that may be absent.</summary>
    public double? OptionalNumber(string field)
    {
        if (!Has(field))
            return null;
        var value = Fields[field];
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number))
            return number;
        if (value.ValueKind == JsonValueKind.String
            && double.TryParse(value.GetString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out number)
            && double.IsFinite(number))
            return number;
        throw WrongType(field, "a number");
    }

    /// <summary>A number in [0, 1] that may be absent.</summary>
    public double? OptionalProbability(string field) => OptionalNumber(field) is { } value and not (>= 0 and <= 1)
        ? throw Error(field, FormattableString.Invariant($"is {value}; a probability lies in [0, 1]"), $"number out of range in field '{field}'")
        : OptionalNumber(field);

    /// <summary>True or false, also written 1 or 0, or as a text (CSV).</summary>
    public bool Truth(string field) => TruthOf(Get(field))
        ?? throw (Get(field).ValueKind is JsonValueKind.String or JsonValueKind.Number
            ? Error(field, $"is '{Short(Get(field).ToString())}'; allowed: true, false, 1, 0", $"unknown value in field '{field}'")
            : WrongType(field, "true or false"));

    /// <summary>A value as true or false, also written 1 or 0, or as a text (CSV); null for anything else.</summary>
    public static bool? TruthOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number when value.TryGetInt32(out var number) && number is 0 or 1 => number == 1,
        JsonValueKind.String => value.GetString()!.Trim().ToLowerInvariant() switch
        {
            "true" or "1" => true,
            "false" or "0" => false,
            _ => null,
        },
        _ => null,
    };

    /// <summary>A whole number, or a text that is one, from <paramref name="low"/> to <paramref name="high"/>.</summary>
    public int Integer(string field, int low, int high)
    {
        Get(field);
        return OptionalNumber(field) is { } number && number == Math.Floor(number) && number >= low && number <= high
            ? (int)number
            : throw Error(field, $"is {Fields[field].ToString()}; a whole number from {low} to {high} is needed", $"number out of range in field '{field}'");
    }

    /// <summary>A text, or a number as its text: the same id is written both ways.</summary>
    public string Label(string field) => Get(field) is { ValueKind: JsonValueKind.Number } number ? number.GetRawText() : FilledText(field);

    /// <summary>A list of messages {role, content}.</summary>
    public IReadOnlyList<Message> Messages(string field)
    {
        var list = Get(field);
        if (list.ValueKind != JsonValueKind.Array)
            throw WrongType(field, "a list of messages {role, content}");
        var messages = new List<Message>();
        foreach (var item in list.EnumerateArray())
        {
            var place = $"{field}[{messages.Count}]";
            if (item.ValueKind != JsonValueKind.Object)
                throw Error(place, $"is {KindOf(item)}; a message {{role, content}} is needed", $"wrong type in field '{field}'");
            string Part(string part) => item.TryGetProperty(part, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw Error($"{place}.{part}", "is missing or not a text", $"wrong type in field '{field}'");
            messages.Add(new Message(Part("role"), Part("content")));
        }

        return messages.Count > 0 ? messages : throw Error(field, "is an empty list", $"empty field '{field}'");
    }

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> Texts(string field) => Items(field, "a list of texts", "a text", t => t.ValueKind == JsonValueKind.String, t => t.GetString()!);

    /// <summary>A list of numbers.</summary>
    public IReadOnlyList<double> Numbers(string field) =>
        Items(field, "a list of numbers", "a number", n => n.ValueKind == JsonValueKind.Number && double.IsFinite(n.GetDouble()), n => n.GetDouble());

    /// <summary>A list of true and false, also written 1 and 0.</summary>
    public IReadOnlyList<bool> Truths(string field) => Items(field, "a list of true and false", "true or false", t => TruthOf(t) is not null, t => TruthOf(t)!.Value);

    /// <summary>The error of a field.</summary>
    public DataRowException Error(string field, string problem, string reason, bool always = false) => new($"{File}:{Line}: field '{field}' {problem}", reason, always);

    /// <summary>The error of a field that has the wrong type.</summary>
    public DataRowException WrongType(string field, string needed) => Error(field, $"is {KindOf(Fields[field])}; {needed} is needed", $"wrong type in field '{field}'");

    private T[] Items<T>(string field, string list, string item, Func<JsonElement, bool> fits, Func<JsonElement, T> make)
    {
        var value = Get(field);
        if (value.ValueKind != JsonValueKind.Array)
            throw WrongType(field, list);
        foreach (var (i, one) in value.EnumerateArray().Index())
            if (!fits(one))
                throw Error($"{field}[{i}]", $"is {(one.ValueKind == JsonValueKind.Number ? one.GetRawText() : KindOf(one))}; {item} is needed", $"wrong type in field '{field}'");
        return [.. value.EnumerateArray().Select(make)];
    }

    private DataRowException Missing(string field)
    {
        // What the row has instead is the best hint; among the known names there is only the one that was asked for.
        var unused = Fields.Keys.Where(k => k.Length > 0).ToArray();
        var hint = Fields.ContainsKey(field) ? "is null"
            : Suggest.Nearest(field, unused) is { } nearest ? $"is missing (the row has '{nearest}': did you mean '{field}'?)"
            : $"is missing (the row has: {string.Join(", ", unused)})";
        return Error(field, hint, $"missing field '{field}'");
    }

    private static string Short(string text) => text.Length <= 40 ? text.ReplaceLineEndings(" ") : text[..40].ReplaceLineEndings(" ") + "…";

    /// <summary>What a value is, with its article.</summary>
    public static string KindOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "true or false",
        JsonValueKind.Array => "a list",
        JsonValueKind.Object => "an object",
        _ => "null",
    };

    /// <summary>Reads a file into typed rows with the error discipline that all readers share.</summary>
    /// <param name="path">A .jsonl, .json, .csv or .tsv file, plain or .gz.</param>
    /// <param name="options">How strict.</param>
    /// <param name="make">Makes a typed row; called once a row in the order of the file.</param>
    /// <param name="source">The rows, where <see cref="RowFile.Read(string)"/> does not know the format.</param>
    public static DataSet<T> ReadAll<T>(string path, DataOptions? options, Func<DataRow, T> make, IEnumerable<Func<DataRow>>? source = null)
        where T : IDataRow
    {
        var rows = new List<T>();
        var dropped = new Dictionary<string, int>(StringComparer.Ordinal);
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        void Try(Action action)
        {
            try
            {
                action();
            }
            catch (DataRowException problem) when (problem.AlwaysDropped || options is { DropInvalidRows: true })
            {
                dropped[problem.Reason] = dropped.GetValueOrDefault(problem.Reason) + 1;
            }
        }

        foreach (var read in source ?? RowFile.Read(path))
            Try(() =>
            {
                var fields = read();
                var row = make(fields);
                if (!ids.TryAdd(row.Id, fields.Line))
                    throw new DataRowException($"{path}:{fields.Line}: the id '{Short(row.Id)}' was used on line {ids[row.Id]} already", "id used twice");
                rows.Add(row);
            });

        var set = new DataSet<T>(rows, dropped, HashedFile.Of("data", path));
        if (rows.Count == 0)
            throw new AlidadeException(set.DroppedSummary is { } summary ? $"{path}: no row can be used; {summary}" : $"{path}: holds no rows");
        return set;
    }
}
