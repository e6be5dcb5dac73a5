using System.Text.Json;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Generation.Constraints;
using Alidade.Models.Tokenizers;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Weights;

namespace Alidade.Tests.Fuzz;

/// <summary>Faults that mutated inputs, or the search for what they would take long to find, brought to light.</summary>
public sealed class FuzzFindingsTests
{
    [Fact]
    public void A_message_with_text_of_a_file_in_it_stays_one_line_of_bounded_length()
    {
        var message = new AlidadeException($"begins '{"a\r\nb\u2028\u001b[31m"}{new string('x', 100_000)}' ends").Message;
        Assert.InRange(message.Length, AlidadeException.Longest - 1, AlidadeException.Longest);
        Assert.StartsWith("begins 'a b  [31m", message, StringComparison.Ordinal);
        Assert.EndsWith("' ends", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_name_of_any_length_is_like_no_known_one() => Assert.Null(Suggest.Nearest(new string('a', 10_000_000), ["temperature"]));

    [Theory]
    [InlineData("""{"a": 1, "a": 2}""")]
    [InlineData("""{"a": "\ud800"}""")]
    [InlineData("""[{"\udc00": 1}]""")]
    public void Twice_the_same_name_and_half_a_character_are_refused_when_parsed(string json) =>
        Assert.Throws<JsonException>(() => Alidade.Core.Files.Json.Parse(System.Text.Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void A_configuration_of_two_thousand_million_layers_costs_nothing()
    {
        using var folder = new TemporaryFolder();
        TinyModel.Write(folder.Path);
        folder.Write("config.json", File.ReadAllText(folder.File("config.json")).Replace("\"num_hidden_layers\": 1", "\"num_hidden_layers\": 2000000000", StringComparison.Ordinal));
        var before = GC.GetAllocatedBytesForCurrentThread();
        Assert.Contains("layers.1.", Assert.Throws<AlidadeException>(() => CausalLM.Load(folder.Path)).Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Theory]
    [InlineData("normalizer", "Replace")]
    [InlineData("decoder", "Replace")]
    [InlineData("normalizer", "Prepend")]
    public void What_a_tokenizer_puts_in_many_places_of_a_text_is_short(string part, string type)
    {
        var json = $$$"""{"{{{part}}}": {"type": "{{{type}}}", "pattern": {"String": "a"}, "content": "{{{new string('x', 1_025)}}}", "prepend": "{{{new string('x', 1_025)}}}"}, "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}""";
        var error = Assert.Throws<AlidadeException>(() => Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), "t.json"));
        Assert.Contains("at most 1,024 characters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_with_a_name_of_many_characters_is_refused()
    {
        var name = new string('n', 4_097);
        Assert.Contains("4097 characters", Assert.ThrowsAny<AlidadeException>(() => Alidade.Models.Generation.Constraints.OutputConstraint.JsonSchema($$"""{"required": ["{{name}}"]}""")).Message, StringComparison.Ordinal);
        Assert.Contains("4097 characters", Assert.ThrowsAny<AlidadeException>(() => Alidade.Models.Generation.Constraints.OutputConstraint.JsonSchema($$$"""{"properties": {"{{{name}}}": true}}""")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Braces_that_open_no_count_cost_no_more_than_their_number()
    {
        var pattern = string.Concat(Enumerable.Repeat("{a", 10_000)) + "}";
        var before = GC.GetAllocatedBytesForCurrentThread();
        _ = PatternParser.Parse(pattern, "t");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 << 20);
    }

    [Theory]
    [InlineData("""{"model": {"\ud800": 1}}""", "model")]
    [InlineData("""{"\ud800": 1}""", "t.json")]
    public void A_name_with_half_a_character_in_a_tokenizer_is_refused(string json, string where)
    {
        var error = Assert.Throws<AlidadeException>(() => Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), "t.json"));
        Assert.Contains(where, error.Message, StringComparison.Ordinal);
        Assert.Contains("surrogate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_list_of_end_tokens_is_none()
    {
        using var folder = new TemporaryFolder();
        TinyModel.Write(folder.Path);
        folder.Write("tokenizer_config.json", "{}");
        folder.Write("generation_config.json", """{"eos_token_id": []}""");
        Assert.Null(Tokenizer.FromFolder(folder.Path).EndOfText);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(ulong.MaxValue)]
    [InlineData(1.5)]
    [InlineData(true)]
    public void A_token_id_that_is_no_id_is_refused_by_name(object id)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.gguf");
        File.WriteAllBytes(path, new GgufBytes()
            .With("tokenizer.ggml.model", "llama").With("tokenizer.ggml.tokens", new[] { "<unk>", "a" }).With("tokenizer.ggml.scores", new float[2]).With("tokenizer.ggml.bos_token_id", id).ToArray());
        using var file = Alidade.Models.Weights.GgufFile.Open(path);
        Assert.Contains("bos_token_id", Assert.Throws<AlidadeException>(() => Tokenizer.FromGguf(file.Metadata, path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_schema_of_free_content_is_a_small_grammar()
    {
        OutputConstraint.JsonSchema("{}");
        var before = GC.GetAllocatedBytesForCurrentThread();
        OutputConstraint.JsonSchema("""{"type": "array"}""");
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 << 20);
    }

    [Fact]
    public void Schemas_that_contain_themselves_are_compared_to_an_end()
    {
        const string Branch = """{"type": "object", "required": ["k", "l"], "properties": {"k": {"$ref": "#/$defs/NAME"}, "l": {"$ref": "#/$defs/NAME"}}}""";
        const string Schema = """{"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/b"}], "$defs": {"a": A, "b": B}}""";
        var schema = Schema.Replace("A", Branch.Replace("NAME", "a", StringComparison.Ordinal), StringComparison.Ordinal).Replace("B", Branch.Replace("NAME", "b", StringComparison.Ordinal), StringComparison.Ordinal);
        Assert.Contains("oneOf", Assert.Throws<NotBuiltException>(() => OutputConstraint.JsonSchema(schema)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"oneOf": [{"$ref": 1}, {"type": "null"}]}""")]
    [InlineData("""{"oneOf": [{"type": "object", "required": ["a"], "properties": ["a"]}, {"type": "object", "required": ["a"], "properties": {"a": {}}}]}""")]
    public void Branches_of_a_wrong_form_are_refused(string schema) => Assert.ThrowsAny<AlidadeException>(() => OutputConstraint.JsonSchema(schema));

    [Theory]
    [InlineData("references")]
    [InlineData("properties")]
    public void A_schema_that_needs_a_deep_stack_is_refused_before_it_overflows(string kind)
    {
        const int Many = 30_000;
        var schema = kind switch
        {
            "references" => "{\"$ref\": \"#/$defs/0\", \"$defs\": {" + string.Join(',', Enumerable.Range(0, Many).Select(i => $"\"{i}\": {{\"anyOf\": [{{\"$ref\": \"#/$defs/{i + 1}\"}}]}}")) + $", \"{Many}\": {{}}}}}}",
            _ => "{\"additionalProperties\": false, \"properties\": {" + string.Join(',', Enumerable.Range(0, Many).Select(i => $"\"{i}\": {{\"type\": \"null\"}}")) + "}}",
        };
        AlidadeException? refusal = null;
        var thread = new Thread(() => refusal = Record.Exception(() => OutputConstraint.JsonSchema(schema)) as AlidadeException, maxStackSize: 1 << 20);
        thread.Start();
        thread.Join();
        Assert.Contains("nested too deeply", Assert.IsType<AlidadeException>(refusal).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("normalizer", """{"type": "Sequence", "normalizers": [LIST]}""")]
    [InlineData("decoder", """{"type": "Sequence", "decoders": [LIST]}""")]
    public void Replacements_that_multiply_a_text_are_stopped(string field, string sequence)
    {
        var one = $$"""{"type": "Replace", "pattern": {"String": "a"}, "content": "{{new string('a', 1_000)}}"}""";
        var json = """{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}, "FIELD": VALUE}""".Replace("FIELD", field, StringComparison.Ordinal)
            .Replace("VALUE", sequence.Replace("LIST", string.Join(',', Enumerable.Repeat(one, 6)), StringComparison.Ordinal), StringComparison.Ordinal);
        var tokenizer = Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), "t");
        Assert.Contains("characters out of", Assert.Throws<AlidadeException>(() => tokenizer.Decode(tokenizer.EncodeWithOffsets("a", new()).Ids)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Byte_letters_of_byte_letters_are_stopped()
    {
        var levels = string.Join(',', Enumerable.Repeat("""{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}""", 40));
        var json = """{"model": {"type": "WordLevel", "vocab": {"a": 0}, "unk_token": "a"}, "pre_tokenizer": {"type": "Sequence", "pretokenizers": [LEVELS]}}""".Replace("LEVELS", levels, StringComparison.Ordinal);
        var tokenizer = Tokenizer.FromJson(new MemoryStream(System.Text.Encoding.UTF8.GetBytes(json)), "t");
        Assert.Contains("characters out of", Assert.Throws<AlidadeException>(() => tokenizer.EncodeWithOffsets("é", new())).Message, StringComparison.Ordinal);
    }
}
