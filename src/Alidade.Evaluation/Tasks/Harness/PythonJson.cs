using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Models.Chat;

namespace Alidade.Evaluation.Tasks.Harness;

/// <summary>JSON and numbers as Python writes them, which hashes of lm-evaluation-harness are taken over.</summary>
internal static class PythonJson
{
    private static readonly TextTemplate OneLine = TextTemplate.Parse("{{ value | tojson }}", "json");
    private static readonly TextTemplate TwoSpaces = TextTemplate.Parse("{{ value | tojson(indent=2) }}", "json");

    /// <summary><c>json.dumps(value, ensure_ascii=False)</c>.</summary>
    public static string Line(JsonNode value) => OneLine.Render(Fields(value));

    /// <summary><c>json.dumps(value, indent=2, ensure_ascii=False)</c>.</summary>
    public static string Indented(JsonNode value) => TwoSpaces.Render(Fields(value));

    /// <summary>A float: 5.0 stays one. What is no JSON number is the text "NaN", "Infinity" or "-Infinity".</summary>
    public static JsonNode Number(double value) => double.IsFinite(value)
        ? JsonNode.Parse(value.ToString("R", CultureInfo.InvariantCulture) is var text && text.AsSpan().IndexOfAny(".eE") < 0 ? text + ".0" : text)!
        : double.IsNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";

    /// <summary><c>str(value)</c> of a float.</summary>
    public static string Text(double value) => Line(Number(value)).Trim('"');

    private static Dictionary<string, JsonElement> Fields(JsonNode value) => new(StringComparer.Ordinal) { ["value"] = value.Deserialize<JsonElement>() };
}
