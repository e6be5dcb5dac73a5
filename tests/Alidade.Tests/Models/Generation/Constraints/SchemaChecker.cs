using System.Text.Json;
using System.Text.Json.Nodes;

namespace Alidade.Tests.Models.Generation.Constraints;

/// <summary>Whether a value validates against a schema: JSON Schema's own definitions, written apart from the compiler under test.</summary>
internal static class SchemaChecker
{
    public static bool Holds(JsonNode schema, JsonElement value) => Holds(schema, value, schema);

    private static bool Holds(JsonNode? schema, JsonElement value, JsonNode root)
    {
        if (schema is JsonValue flag)
            return flag.GetValue<bool>();
        var members = schema!.AsObject();
        if (value.ValueKind == JsonValueKind.Null && members["nullable"]?.GetValue<bool>() == true)
            return true;
        foreach (var (keyword, rule) in members)
        {
            var holds = keyword switch
            {
                "$ref" => Holds(Find(root, (string)rule!), value, root),
                "type" => rule is JsonArray types ? types.Any(t => IsOf(value, (string)t!)) : IsOf(value, (string)rule!),
                "const" => JsonNode.DeepEquals(rule, JsonNode.Parse(value.GetRawText())),
                "enum" => rule!.AsArray().Any(v => JsonNode.DeepEquals(v, JsonNode.Parse(value.GetRawText()))),
                "anyOf" => rule!.AsArray().Any(s => Holds(s, value, root)),
                "oneOf" => rule!.AsArray().Count(s => Holds(s, value, root)) == 1,
                "properties" => value.ValueKind != JsonValueKind.Object || rule!.AsObject().All(p => !value.TryGetProperty(p.Key, out var inner) || Holds(p.Value, inner, root)),
                "required" => value.ValueKind != JsonValueKind.Object || rule!.AsArray().All(n => value.TryGetProperty((string)n!, out _)),
                "additionalProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject()
                    .All(p => members["properties"]?[p.Name] is not null || Holds(rule, p.Value, root)),
                "items" => value.ValueKind != JsonValueKind.Array || value.EnumerateArray().All(i => Holds(rule, i, root)),
                "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= (int)rule!,
                "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= (int)rule!,
                "minLength" => value.ValueKind != JsonValueKind.String || CodePoints(value) >= (int)rule!,
                "maxLength" => value.ValueKind != JsonValueKind.String || CodePoints(value) <= (int)rule!,
                _ => true,
            };
            if (!holds)
                return false;
        }

        return true;
    }

    private static int CodePoints(JsonElement value) => value.GetString()!.EnumerateRunes().Count();

    private static JsonNode? Find(JsonNode root, string pointer) => pointer.Split('/').Skip(1).Aggregate(
        root, (node, part) => node is JsonArray list ? list[int.Parse(part, System.Globalization.CultureInfo.InvariantCulture)]! : node[part.Replace("~1", "/", StringComparison.Ordinal)]!);

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number,
        "integer" => value.ValueKind == JsonValueKind.Number && value.GetDouble() % 1 == 0,
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        _ => value.ValueKind == JsonValueKind.Null,
    };
}
