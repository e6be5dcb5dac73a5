using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models.Generation.Constraints;
using Alidade.Models.Tokenizers;

namespace Alidade.Tests.Models.Generation.Constraints;

/// <summary>Constraints under scores that know nothing: whatever a model would say, the text is what was asked for.</summary>
public sealed class OutputConstraintTests
{
    private const int End = 0;

    // Tokens that span quotes, commas and brackets, half characters among them.
    private static readonly Tokenizer Tokenizer = new ByteLevelBpeTrainer { VocabularySize = 420, SpecialTokens = ["<|end|>"], EndOfText = "<|end|>" }
        .Train(["""{"name": "Zoë", "tags": ["a", "b"], "n": -12.5e3, "ok": true, "none": null}, {"name": "日本", "tags": [], "n": 0}""", "yes no not sure, yes! no? notably"]);

    private static readonly HashSet<int> Ends = [End];

    [Fact]
    public void The_tokenizer_of_these_tests_has_tokens_that_cross_borders() =>
        Assert.Contains(Enumerable.Range(0, Tokenizer.VocabularySize).Select(Tokenizer.TokenText), t => t.Contains('"', StringComparison.Ordinal) && t.Length > 1);

    [Fact]
    public void A_choice_gives_each_of_its_texts_and_nothing_else_however_they_are_cut_into_tokens()
    {
        string[] texts = ["no", "not sure", "notably", "yes", "Zoë", "日"];
        var constraint = OutputConstraint.Choice(texts);
        var random = new SeededRandom(1);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var cuts = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < 400; i++)
        {
            var (text, ids, whole) = Write(constraint, random, 30, 4);
            Assert.True(whole);
            Assert.Contains(text, texts);
            seen.Add(text);
            cuts.Add(string.Join(' ', ids));
        }

        Assert.Equal(texts.Length, seen.Count);
        Assert.True(cuts.Count > texts.Length, "every text was cut in one way only");
    }

    [Fact]
    public void Random_scores_under_random_schemas_give_JSON_that_validates()
    {
        var random = new SeededRandom(2);
        for (var i = 0; i < 60; i++)
        {
            var schema = RandomSchema(random, 3);
            var constraint = OutputConstraint.JsonSchema(schema);
            for (var j = 0; j < 3; j++)
            {
                // Short limits make the constraint bring the text to its end; long ones let it wander.
                var (text, _, whole) = Write(constraint, random, j % 2 == 0 ? 200 : 400, spread: j);
                Assert.True(whole, $"{schema.ToJsonString()} was cut at {text}");
                using var value = JsonDocument.Parse(text);
                Assert.True(SchemaChecker.Holds(schema, value.RootElement), $"{schema.ToJsonString()} does not hold for {text}");
            }
        }
    }

    [Theory]
    [InlineData("""{"$ref": "#/$defs/tree", "$defs": {"tree": {"type": "object", "properties": {"v": {"type": "integer"}, "kids": {"type": "array", "items": {"$ref": "#/$defs/tree"}}}, "required": ["v", "kids"], "additionalProperties": false}}}""")]
    [InlineData("""{"oneOf": [{"type": "object", "properties": {"kind": {"const": "a"}, "x": {"type": "number"}}, "required": ["kind", "x"]}, {"type": "object", "properties": {"kind": {"const": "b"}}, "required": ["kind"]}, {"type": "null"}]}""")]
    [InlineData("""{"type": "object", "properties": {"ab": {"type": "null"}, "ac": {"const": 1}, "é": {"const": 2}}, "additionalProperties": {"type": "boolean"}}""")]
    [InlineData("""{"type": "array", "items": {"type": ["string", "null"], "minLength": 2, "maxLength": 4}, "minItems": 2, "maxItems": 5}""")]
    [InlineData("""{"enum": ["a\"b", 1, null, [1, {"x": "é"}], 2.5], "type": ["string", "integer", "array"]}""")]
    [InlineData("""{"type": "object", "required": ["free"], "properties": {"other": {"type": "string", "nullable": true}}}""")]
    [InlineData("""{"oneOf": [{"$ref": "#/$defs/a~1b"}, {"$ref": "#/$defs/list/1"}], "$defs": {"a/b": {"const": 1}, "list": [{"const": 1}, {"const": 2, "nullable": true}]}}""")]
    [InlineData("{}")]
    [InlineData("true")]
    public void Recursion_alternatives_further_members_and_open_values_validate(string schema)
    {
        var constraint = OutputConstraint.JsonSchema(schema);
        var random = new SeededRandom(3);
        for (var i = 0; i < 25; i++)
        {
            var (text, _, whole) = Write(constraint, random, 150, spread: i % 4);
            Assert.True(whole, text);
            using var value = JsonDocument.Parse(text);
            Assert.True(SchemaChecker.Holds(JsonNode.Parse(schema)!, value.RootElement), text);
        }
    }

    [Fact]
    public void Every_length_of_a_bounded_string_comes_up_in_code_points()
    {
        var constraint = OutputConstraint.JsonSchema("""{"type": "string", "minLength": 1, "maxLength": 3}""");
        var random = new SeededRandom(4);
        var lengths = Enumerable.Range(0, 200).Select(_ => JsonNode.Parse(Write(constraint, random, 60, 1).Text)!.GetValue<string>().EnumerateRunes().Count()).ToHashSet();
        Assert.Equal([1, 2, 3], lengths.Order());
    }

    [Fact]
    public void A_free_object_is_an_object()
    {
        var random = new SeededRandom(5);
        for (var i = 0; i < 50; i++)
            using (var value = JsonDocument.Parse(Write(OutputConstraint.Json(), random, 120, 2).Text))
                Assert.Equal(JsonValueKind.Object, value.RootElement.ValueKind);
    }

    [Theory]
    [InlineData("""{"type": "string", "format": "date"}""", "'format'")]
    [InlineData("""{"type": "number", "minimum": 1}""", "'minimum'")]
    [InlineData("""{"type": "object", "properties": {"a": {"type": "array", "uniqueItems": true}}}""", "'uniqueItems' at #/properties/a")]
    [InlineData("""{"allOf": [{}]}""", "'allOf'")]
    [InlineData("""{"anyOf": [{"type": "null"}], "type": "object"}""", "'type' beside 'anyOf'")]
    [InlineData("""{"oneOf": [{"type": "integer"}, {"type": "number"}]}""", "oneOf: branches 0 and 1")]
    [InlineData("""{"oneOf": [{"const": 1, "nullable": true}, {"const": null}]}""", "oneOf: branches 0 and 1")]
    [InlineData("""{"oneOf": [{"$ref": "#/$defs/a", "nullable": true}, {"enum": ["x"], "nullable": true}], "$defs": {"a": {"type": "integer"}}}""", "oneOf: branches 0 and 1")]
    [InlineData("""{"$ref": "other.json#/a"}""", "other.json")]
    [InlineData("""{"$ref": "#name", "$anchor": "name"}""", "#name")]
    public void A_keyword_that_cannot_be_held_to_is_refused_by_name(string schema, string holds) =>
        Assert.Contains(holds, Assert.Throws<NotBuiltException>(() => OutputConstraint.JsonSchema(schema)).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"$ref": "#"}""", "nothing")]
    [InlineData("""{"$ref": "#/$defs/a"}""", "#/$defs/a")]
    [InlineData("""{"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]}""", "without an end")]
    [InlineData("""{"type": "string", "minLength": 3, "maxLength": 2}""", "maxLength")]
    [InlineData("""{"enum": [1, 2], "type": "string"}""", "enum")]
    [InlineData("""{"type": "object", "required": ["a"], "additionalProperties": false}""", "'a'")]
    [InlineData("""{"enum": []}""", "at least one")]
    [InlineData("false", "false")]
    [InlineData("3", "3")]
    public void A_schema_that_makes_no_sense_is_refused_in_one_line(string schema, string holds) =>
        Assert.Contains(holds, Assert.ThrowsAny<AlidadeException>(() => OutputConstraint.JsonSchema(schema)).Message, StringComparison.Ordinal);

    [Fact]
    public void The_mask_is_exactly_the_tokens_after_which_a_text_can_go_on()
    {
        // A slow second way: a token may come when some schema text begins with what is written and the token.
        var random = new SeededRandom(6);
        string[] texts = ["no", "not sure", "notably", "yes"];
        var walk = OutputConstraint.Choice(texts).Start(Tokenizer, Ends);
        var written = "";
        while (!walk.Complete)
        {
            var scores = new float[Tokenizer.VocabularySize];
            walk.Mask(scores, 100);
            for (var id = 1; id < scores.Length; id++)
            {
                var text = Tokenizer.TokenText(id);
                var fits = !text.Contains('\uFFFD', StringComparison.Ordinal) && texts.Any(t => t.StartsWith(written + text, StringComparison.Ordinal));
                Assert.Equal(fits, !float.IsNegativeInfinity(scores[id]));
            }

            Assert.Equal(texts.Contains(written), !float.IsNegativeInfinity(scores[End]));
            var next = Enumerable.Range(1, scores.Length - 1).Where(id => !float.IsNegativeInfinity(scores[id])).ToArray();
            var chosen = next[random.NextInt(next.Length)];
            walk.Push(chosen);
            written += Tokenizer.TokenText(chosen);
        }
    }

    // Follows random scores; the greater the spread, the further from uniform.
    private static (string Text, List<int> Ids, bool Whole) Write(OutputConstraint constraint, SeededRandom random, int limit, double spread)
    {
        var walk = constraint.Start(Tokenizer, Ends);
        var ids = new List<int>();
        while (ids.Count < limit && !walk.Complete)
        {
            var scores = new float[Tokenizer.VocabularySize];
            for (var id = 0; id < scores.Length; id++)
                scores[id] = (float)(random.NextDouble() + (spread * random.NextNormal()));
            walk.Mask(scores, limit - ids.Count);
            var best = Array.IndexOf(scores, scores.Max());
            Assert.False(float.IsNegativeInfinity(scores[best]), $"no token is left behind {Tokenizer.Decode(ids)}");
            if (best == End)
                return (Tokenizer.Decode(ids), ids, walk.Accepting);
            ids.Add(best);
            walk.Push(best);
        }

        return (Tokenizer.Decode(ids), ids, walk.Accepting);
    }

    private static JsonObject RandomSchema(SeededRandom random, int depth)
    {
        switch (random.NextInt(depth > 0 ? 10 : 6))
        {
            case 0:
                var least = random.NextInt(4);
                return new() { ["type"] = "string", ["minLength"] = least, ["maxLength"] = least + random.NextInt(5) };
            case 1:
                return new() { ["type"] = "integer" };
            case 2:
                return new() { ["type"] = "number", ["nullable"] = random.NextInt(2) == 0 };
            case 3:
                return new() { ["enum"] = new JsonArray("red", 3, null, "b\"l\\ue") };
            case 4:
                return new() { ["const"] = new JsonObject { ["k"] = new JsonArray(1, "é") } };
            case 5:
                return new() { ["type"] = new JsonArray("boolean", "null") };
            case 6:
                var fewest = random.NextInt(3);
                return new() { ["type"] = "array", ["items"] = RandomSchema(random, depth - 1), ["minItems"] = fewest, ["maxItems"] = fewest + random.NextInt(3) };
            case 7:
                return new() { ["anyOf"] = new JsonArray(RandomSchema(random, depth - 1), RandomSchema(random, depth - 1)) };
            default:
                var (properties, required) = (new JsonObject(), new JsonArray());
                for (var i = random.NextInt(4); i >= 0; i--)
                {
                    properties[$"p{i}"] = RandomSchema(random, depth - 1);
                    if (random.NextInt(2) == 0)
                        required.Add($"p{i}");
                }

                return new() { ["type"] = "object", ["properties"] = properties, ["required"] = required, ["additionalProperties"] = random.NextInt(2) == 0 };
        }
    }
}
