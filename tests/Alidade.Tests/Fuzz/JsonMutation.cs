using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Alidade.Tests.Fuzz;

/// <summary>Changes JSON: mostly values and names of a well-formed document, so that readers get past the parser, else its text or its bytes.</summary>
/// <param name="words">Keywords and values of the format.</param>
internal sealed class JsonMutation(params string[] words)
{
    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };
    private static readonly string[] Punctuation = ["{", "}", "[", "]", ",", ":", "\"", "null", "true", "false"];
    private static readonly long[] Numbers = [0, 1, 2, 3, 7, 100, 65_536, int.MaxValue, 1L << 31, 1L << 40, long.MaxValue, -1, long.MinValue];
    private readonly string[] textWords = [.. words.SelectMany(w => new[] { w, $"\"{w}\"" }), .. Punctuation, .. Mutation.Numbers];

    /// <summary>A changed copy of a document.</summary>
    public byte[] Of(Random random, string json)
    {
        var text = json;
        if (random.Chance(0.9))
        {
            var root = JsonNode.Parse(json);
            for (var edits = random.Next(1, 4); edits > 0; edits--)
                root = Edit(random, root);
            text = root?.ToJsonString(random.One([Relaxed, Relaxed, Indented])) ?? "null";
            if (random.Chance(0.8))
                return text.Utf8();
        }

        text = Mutation.Text(random, text, textWords);
        return random.Chance(0.2) ? Mutation.Bytes(random, text.Utf8()) : text.Utf8();
    }

    private JsonNode? Edit(Random random, JsonNode? root)
    {
        var places = new List<JsonNode>();
        Collect(root, places);
        if (places.Count == 0)
            return Value(random);
        switch (random.One(places))
        {
            case JsonObject members:
                var name = members.Count > 0 ? members.ElementAt(random.Next(members.Count)).Key : random.One(words);
                members.TryGetPropertyValue(name, out var old);
                switch (random.Next(5))
                {
                    case 0:
                        members.Remove(name);
                        break;
                    case 1:
                        members.Remove(name);
                        members[random.One(words)] = old;
                        break;
                    case 2:
                        members[random.One(words)] = random.Chance(0.5) ? random.One(places).DeepClone() : Value(random);
                        break;
                    case 3:
                        members[name] = random.One(places).DeepClone();
                        break;
                    default:
                        members[name] = Changed(random, old);
                        break;
                }

                break;
            case JsonArray { Count: > 0 } items:
                var at = random.Next(items.Count);
                switch (random.Next(4))
                {
                    case 0:
                        items.RemoveAt(at);
                        break;
                    case 1:
                        for (var copies = random.Chance(0.1) ? 50 : 1; copies > 0; copies--)
                            items.Add(items[at]?.DeepClone());
                        break;
                    case 2:
                        items[at] = random.One(places).DeepClone();
                        break;
                    default:
                        items[at] = Changed(random, items[at]);
                        break;
                }

                break;
            case JsonArray empty:
                empty.Add(random.Chance(0.5) ? random.One(places).DeepClone() : Value(random));
                break;
        }

        return root;
    }

    // Objects and arrays, not too deep ones, for clones inside clones grow without end.
    private static void Collect(JsonNode? node, List<JsonNode> places, int depth = 0)
    {
        if (node is not (JsonObject or JsonArray) || depth > 40 || places.Count > 3_000)
            return;
        places.Add(node);
        foreach (var child in node is JsonObject members ? members.Select(m => m.Value) : node.AsArray())
            Collect(child, places, depth + 1);
    }

    private JsonNode? Changed(Random random, JsonNode? old)
    {
        if (old is JsonValue value && random.Chance(0.4))
        {
            if (value.TryGetValue<string>(out var text))
                return Mutation.Text(random, text, words);
            if (value.TryGetValue<long>(out var number))
                return unchecked(random.One([number + 1, number - 1, -number, number * 2, number / 2]));
        }

        return Value(random);
    }

    private JsonNode? Value(Random random) => random.Next(9) switch
    {
        0 => null,
        1 => random.Chance(0.5),
        2 or 3 => random.One(Numbers),
        4 => random.One([0.5, -1.5, 1e308, 1e-300, 3.0]),
        5 => new JsonArray(),
        6 => new JsonObject(),
        7 => random.One(["", "\n", "\u00e9", "\U0001F600", "a\r\nb", "\ud800", new string('x', 3_000), "\0"]),
        _ => random.One(words),
    };
}
