using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using static Alidade.Models.Generation.Constraints.GrammarNode;

namespace Alidade.Models.Generation.Constraints;

/// <summary>Turns a JSON schema into the grammar of texts that validate against it.</summary>
/// <remarks>JSON Schema 2020-12, and OpenAPI's <c>nullable</c>. What it cannot hold to is refused by name; annotations are passed over.</remarks>
internal sealed class JsonSchemaCompiler
{
    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly",
    };

    private static readonly string[] Types = ["object", "array", "string", "number", "integer", "boolean", "null"];
    private static readonly string[] ObjectKeywords = ["properties", "required", "additionalProperties"];
    private static readonly string[] ArrayKeywords = ["items", "minItems", "maxItems"];
    private static readonly string[] StringKeywords = ["minLength", "maxLength"];

    // How deep, and how often in all, branches of oneOf are compared.
    private const int MostCompared = 16, MostComparisons = 10_000;

    // Each character of a name is a place in the grammar of every object that holds it.
    private const int MostNameLength = 4096;

    private readonly JsonNode root;
    private int compared;
    private readonly Dictionary<string, ReferenceNode> references = new(StringComparer.Ordinal);

    private JsonSchemaCompiler(JsonNode root) => this.root = root;

    /// <summary>A machine that runs the grammar of a schema.</summary>
    public static GrammarMachine Compile(JsonNode schema)
    {
        var machine = new GrammarMachine(new JsonSchemaCompiler(schema).Value(schema, "#"));
        return machine.MatchesSomething ? machine : throw new AlidadeException("the schema allows nothing, or only values without an end");
    }

    private GrammarNode Value(JsonNode? schema, string at)
    {
        GrammarMachine.Descend();
        if (schema is JsonValue flag && flag.GetValueKind() is JsonValueKind.True)
            return JsonGrammar.AnyValue();
        if (schema is not JsonObject members)
            throw new AlidadeException($"the schema at {at} is {schema?.ToJsonString() ?? "null"}, it must be an object or true");
        return members.TryGetPropertyValue("nullable", out var nullable) && Flag(nullable, at + "/nullable")
            ? AnyOf(NotNull(members, at), JsonGrammar.Null)
            : NotNull(members, at);
    }

    private GrammarNode NotNull(JsonObject schema, string at)
    {
        foreach (var keyword in new[] { "$ref", "const", "enum", "anyOf", "oneOf" })
        {
            if (!schema.TryGetPropertyValue(keyword, out var value))
                continue;
            OnlyBeside(schema, at, keyword, keyword is "const" or "enum" ? ["type"] : []);
            return keyword switch
            {
                "$ref" => Reference(value, at),
                "const" => Literals([value], schema, at),
                "enum" => Literals([.. Items(value, $"{at}/enum")], schema, at),
                "anyOf" => AnyOf([.. Items(value, $"{at}/anyOf").Select((branch, i) => Value(branch, $"{at}/anyOf/{i}"))]),
                _ => OneOf([.. Items(value, $"{at}/oneOf")], at),
            };
        }

        OnlyBeside(schema, at, null, ["type", .. ObjectKeywords, .. ArrayKeywords, .. StringKeywords]);
        var types = TypesOf(schema, at);
        return types is null ? JsonGrammar.AnyValue() : AnyOf([.. types.Select(type => OfType(type, schema, at))]);
    }

    private GrammarNode OfType(string type, JsonObject schema, string at) => type switch
    {
        "object" => Object(schema, at),
        "array" => Array(schema, at),
        "string" => JsonGrammar.String(Least(schema, "minLength", at), Most(schema, "maxLength", "minLength", at)),
        "number" => JsonGrammar.Number,
        "integer" => JsonGrammar.Integer,
        "boolean" => JsonGrammar.Boolean,
        _ => JsonGrammar.Null,
    };

    private GrammarNode Array(JsonObject schema, string at)
    {
        var item = schema.TryGetPropertyValue("items", out var items) ? Value(items, $"{at}/items") : JsonGrammar.AnyValue();
        return JsonGrammar.Array(item, Least(schema, "minItems", at), Most(schema, "maxItems", "minItems", at));
    }

    private GrammarNode Object(JsonObject schema, string at)
    {
        var listed = schema["properties"] is { } properties
            ? properties as JsonObject ?? throw new AlidadeException($"{at}/properties must be an object")
            : [];
        string[] required = schema["required"] is { } names ? [.. List(names, $"{at}/required").Select((n, i) => Text(n, $"{at}/required/{i}"))] : [];
        if (listed.Select(p => p.Key).Concat(required).FirstOrDefault(n => n.Length > MostNameLength) is { } tooLong)
            throw new NotBuiltException($"{at} has a name of {tooLong.Length} characters; names of more than {MostNameLength} are not supported");
        schema.TryGetPropertyValue("additionalProperties", out var additional);
        var closed = additional is JsonValue flag && flag.GetValueKind() == JsonValueKind.False;
        if (closed && required.FirstOrDefault(n => !listed.ContainsKey(n)) is { } missing)
            throw new AlidadeException($"{at} requires '{missing}', which additionalProperties forbids");
        GrammarNode? others = closed ? null : additional is null ? JsonGrammar.AnyValue() : Value(additional, $"{at}/additionalProperties");
        var members = listed.Select(p => (Name: p.Key, Value: Value(p.Value, $"{at}/properties/{p.Key}"))).ToList();
        members.AddRange(required.Where(n => !listed.ContainsKey(n)).Distinct(StringComparer.Ordinal).Select(n => (n, others!)));

        // The end of the object, behind a member and before the first one.
        GrammarNode behind = JsonGrammar.Space, first = GrammarNode.Text("");
        if (others is not null && (additional is not null || members.Count == 0))
        {
            var other = JsonGrammar.OtherMember([.. members.Select(m => m.Name)], others);
            behind = Sequence(Repeat(Sequence(JsonGrammar.Comma, other), 0, null), JsonGrammar.Space);
            first = AnyOf(first, Sequence(other, behind));
        }

        for (var i = members.Count - 1; i >= 0; i--)
        {
            var member = Sequence(JsonGrammar.Literal(members[i].Name), JsonGrammar.Colon, members[i].Value);
            var (here, comma) = (Sequence(member, behind), Sequence(JsonGrammar.Comma, member, behind));
            (first, behind) = required.Contains(members[i].Name) ? (here, comma) : (AnyOf(here, first), AnyOf(comma, behind));
        }

        return Sequence(GrammarNode.Text("{"), JsonGrammar.Space, first, GrammarNode.Text("}"));
    }

    private GrammarNode Reference(JsonNode? value, string at)
    {
        var pointer = Text(value, $"{at}/$ref");
        if (references.TryGetValue(pointer, out var known))
            return known;
        var target = Target(pointer, at);
        var node = references[pointer] = new ReferenceNode();
        node.Target = Value(target, pointer);
        return node;
    }

    // A JSON pointer (RFC 6901) as the fragment of an address.
    private JsonNode Target(string pointer, string at)
    {
        if (pointer != "#" && !pointer.StartsWith("#/", StringComparison.Ordinal))
            throw new NotBuiltException($"{at}/$ref is '{pointer}'; only references within the schema, such as '#/$defs/item', are supported");
        JsonNode? target = root;
        foreach (var part in pointer.Split('/').Skip(1).Select(p => Uri.UnescapeDataString(p).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal)))
            target = target switch
            {
                JsonObject inner => inner[part],
                JsonArray list when int.TryParse(part, out var index) && index >= 0 && index < list.Count => list[index],
                _ => null,
            };
        return target ?? throw new AlidadeException($"{at}/$ref is '{pointer}', which the schema does not have");
    }

    private static GrammarNode Literals(IReadOnlyList<JsonNode?> values, JsonObject schema, string at)
    {
        var types = TypesOf(schema, at);
        JsonNode?[] fitting = [.. values.Where(v => types is null || types.Any(type => IsOf(v, type)))];
        return fitting.Length > 0
            ? AnyOf([.. fitting.Select(JsonGrammar.Literal)])
            : throw new AlidadeException($"no value of the enum at {at} is of its type");
    }

    private GrammarNode OneOf(IReadOnlyList<JsonNode?> branches, string at)
    {
        for (var i = 0; i < branches.Count; i++)
            for (var j = 0; j < i; j++)
                if (!Exclude(branches[i], branches[j], at))
                    throw new NotBuiltException($"{at}/oneOf: branches {j} and {i} may both match one value; use anyOf, or a required property whose const tells them apart");
        return AnyOf([.. branches.Select((branch, i) => Value(branch, $"{at}/oneOf/{i}"))]);
    }

    // True when no value can match both, as far as types, constants and a required property with constants tell. Schemas that contain themselves have no end.
    private bool Exclude(JsonNode? a, JsonNode? b, string at, int depth = 0)
    {
        if (depth > MostCompared || ++compared > MostComparisons)
            return false;
        var (one, other) = (Resolved(a, at), Resolved(b, at));
        if (one.Schema is not { } first || other.Schema is not { } second)
            return false;
        if (Constants(one) is { } some && Constants(other) is { } others)
            return !some.Any(v => others.Any(o => JsonNode.DeepEquals(v, o)));
        var kinds = Kinds(one, at);
        if (kinds is not null && Kinds(other, at) is { } otherKinds && !kinds.Overlaps(otherKinds))
            return true;
        return kinds is { Count: 1 } && kinds.Contains("object") && first["required"] is JsonArray needed && second["required"] is JsonArray alsoNeeded
            && first["properties"] is JsonObject properties && second["properties"] is JsonObject otherProperties && needed.Select(n => Text(n, at)).Intersect(alsoNeeded.Select(n => Text(n, at)))
            .Any(name => properties[name] is { } mine && otherProperties[name] is { } theirs && Exclude(mine, theirs, at, depth + 1));
    }

    // What a schema refers to, and whether null may stand in its place. References to each other alone have no end.
    private (JsonObject? Schema, bool Nullable) Resolved(JsonNode? schema, string at)
    {
        var nullable = false;
        for (var steps = 0; steps < 32 && schema is JsonObject members; steps++)
        {
            nullable |= members.TryGetPropertyValue("nullable", out var flag) && Flag(flag, at + "/nullable");
            if (!members.TryGetPropertyValue("$ref", out var reference))
                return (members, nullable);
            schema = Target(Text(reference, $"{at}/$ref"), at);
        }

        return (null, nullable);
    }

    private static IReadOnlyList<JsonNode?>? Constants((JsonObject? Schema, bool Nullable) of)
    {
        JsonNode?[]? values = of.Schema!.TryGetPropertyValue("const", out var value) ? [value] : of.Schema["enum"] is JsonArray list ? [.. list] : null;
        return values is null || !of.Nullable ? values : [.. values, null];
    }

    private static HashSet<string>? Kinds((JsonObject? Schema, bool Nullable) of, string at)
    {
        IEnumerable<string>? types = Constants(of)?.Select(v => Types.First(type => type != "integer" && IsOf(v, type))) ?? TypesOf(of.Schema!, at);
        if (types is null)
            return null;
        var kinds = types.Select(type => type == "integer" ? "number" : type).ToHashSet(StringComparer.Ordinal);
        if (of.Nullable)
            kinds.Add("null");
        return kinds;
    }

    // The types that a schema names, or that its keywords are about; null when it names none.
    private static string[]? TypesOf(JsonObject schema, string at)
    {
        string[]? types = schema["type"] switch
        {
            null => null,
            JsonArray list => [.. list.Select((t, i) => Text(t, $"{at}/type/{i}"))],
            var one => [Text(one, $"{at}/type")],
        };
        if (types?.FirstOrDefault(t => !Types.Contains(t)) is { } unknown)
            throw new AlidadeException($"{at}/type is '{unknown}'; types are {string.Join(", ", Types)}");
        return types ?? (ObjectKeywords.Any(schema.ContainsKey) ? ["object"] : ArrayKeywords.Any(schema.ContainsKey) ? ["array"] : StringKeywords.Any(schema.ContainsKey) ? ["string"] : null);
    }

    private static bool IsOf(JsonNode? value, string type) => (value?.GetValueKind() ?? JsonValueKind.Null) switch
    {
        JsonValueKind.Object => type == "object",
        JsonValueKind.Array => type == "array",
        JsonValueKind.String => type == "string",
        JsonValueKind.Number => type == "number" || (type == "integer" && decimal.TryParse(value!.ToJsonString(), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var n) && n == Math.Truncate(n)),
        JsonValueKind.True or JsonValueKind.False => type == "boolean",
        _ => type == "null",
    };

    private static void OnlyBeside(JsonObject schema, string at, string? keyword, string[] allowed)
    {
        foreach (var (name, _) in schema)
            if (name != keyword && name != "nullable" && !Annotations.Contains(name) && !allowed.Contains(name))
                throw new NotBuiltException(keyword is null ? $"the schema's keyword '{name}' at {at} is not supported" : $"the schema's keyword '{name}' beside '{keyword}' at {at} is not supported");
    }

    private static int Least(JsonObject schema, string keyword, string at) => Count(schema, keyword, at) ?? 0;

    private static int? Most(JsonObject schema, string keyword, string other, string at)
    {
        var most = Count(schema, keyword, at);
        return most >= Least(schema, other, at) || most is null ? most : throw new AlidadeException($"{keyword} at {at} is {most}, below {other}");
    }

    private static int? Count(JsonObject schema, string keyword, string at)
    {
        if (!schema.TryGetPropertyValue(keyword, out var value))
            return null;
        return value is JsonValue number && number.TryGetValue<int>(out var count) && count >= 0
            ? count
            : throw new AlidadeException($"{at}/{keyword} is {value?.ToJsonString() ?? "null"}, it must be a whole number of at least 0");
    }

    private static bool Flag(JsonNode? value, string at) => value?.GetValueKind() switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw new AlidadeException($"{at} is {value?.ToJsonString() ?? "null"}, it must be true or false"),
    };

    private static string Text(JsonNode? value, string at) =>
        value is JsonValue text && text.TryGetValue<string>(out var found) ? found : throw new AlidadeException($"{at} is {value?.ToJsonString() ?? "null"}, it must be a text");

    private static JsonArray List(JsonNode? value, string at) => value as JsonArray ?? throw new AlidadeException($"{at} must be a list");

    private static JsonArray Items(JsonNode? value, string at) =>
        List(value, at) is { Count: > 0 } list ? list : throw new AlidadeException($"{at} must be a list of at least one");
}
