using Alidade.Models.Generation.Constraints;

namespace Alidade.Tests.Fuzz;

/// <summary>JSON schemas as constraints of generation; what is accepted also writes a text.</summary>
public sealed class JsonSchemaFuzz
{
    private static readonly JsonMutation Words = new(
        "type", "object", "array", "string", "number", "integer", "boolean", "null", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "minLength", "maxLength", "enum", "const", "anyOf", "oneOf",
        "allOf", "$ref", "#", "#/", "#/$defs/a", "#/$defs/b", "#/properties/a", "#/anyOf/0", "#/$defs/%7E1", "$defs", "nullable", "title", "a", "b", "é", "x\"y\\", "kind");

    private static readonly string[] Seeds =
    [
        """{"type":"object","properties":{"a":{"type":"string","minLength":1,"maxLength":5},"b":{"type":"array","items":{"type":["integer","null"]},"minItems":1,"maxItems":3},"c":{"type":"number","nullable":true}},"required":["a"],"additionalProperties":false}""",
        """{"$defs":{"a":{"type":"object","properties":{"v":{"type":"integer"},"kids":{"type":"array","items":{"$ref":"#/$defs/a"}}},"required":["v"]},"b":{"anyOf":[{"$ref":"#/$defs/a"},{"type":"null"}]}},"$ref":"#/$defs/b"}""",
        """{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":{"type":"number"}},"required":["kind"]},{"type":"object","properties":{"kind":{"enum":["b",1,null,{"x":[1.5]}]}},"required":["kind"],"additionalProperties":{"type":"boolean"}},{"type":"string"}]}""",
    ];

    [Fact]
    public void A_mutated_schema_writes_a_text_or_is_refused_in_one_line()
    {
        using var model = Models.TinyChat.Create();
        var tokenizer = model.Tokenizer;
        var ends = new HashSet<int> { 0 };
        FuzzRun.Inputs(
            "json-schema",
            random => new(("schema.json", Words.Of(random, random.One(Seeds)))),
            input =>
            {
                var walk = OutputConstraint.JsonSchema(input.Text("schema.json")).Start(tokenizer, ends);
                var random = new Random(1);
                var scores = new float[tokenizer.VocabularySize];
                for (var left = 24; left > 0 && !walk.Complete; left--)
                {
                    Array.Clear(scores);
                    walk.Mask(scores, left);
                    var allowed = Enumerable.Range(0, scores.Length).Where(i => scores[i] == 0).ToList();
                    Assert.NotEmpty(allowed);
                    var token = random.One(allowed);
                    if (ends.Contains(token))
                        break;
                    walk.Push(token);
                }
            });
    }

}
