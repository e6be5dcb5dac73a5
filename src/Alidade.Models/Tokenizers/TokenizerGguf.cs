using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Reads the vocabulary that a GGUF file carries in its metadata (keys <c>tokenizer.*</c>).</summary>
/// <remarks>
/// GGUF names the pre-tokenizer and leaves out normalizer, post-processor and decoder; they are those of the released tokenizer.json of the model that the
/// name stands for. So mpt and qwen2 normalise to NFC, which llama.cpp does not do, and <c>add_bos_token</c> puts in a token only where the released
/// post-processor does (it is true in DeepSeek's files, whose post-processor puts in none); false leaves it out everywhere.
/// </remarks>
internal static class TokenizerGguf
{
    private const int Control = 3, UserDefined = 4;

    /// <summary>Reads the metadata of a GGUF file.</summary>
    /// <exception cref="AlidadeException">A key is missing or of another type.</exception>
    /// <exception cref="NotBuiltException">The vocabulary is of a kind that is not supported.</exception>
    public static TokenizerDefinition Read(IReadOnlyDictionary<string, object> metadata, string name)
    {
        var model = Required<string>("tokenizer.ggml.model");
        if (model != "gpt2")
            throw new NotBuiltException($"{name}: tokenizer.ggml.model '{model}' is not built; gpt2 (byte-level BPE) is");
        var recipe = GgufPreTokenizers.Find(Optional<string>("tokenizer.ggml.pre"), name);
        var tokens = Required<string[]>("tokenizer.ggml.tokens");
        var types = Optional<int[]>("tokenizer.ggml.token_type") ?? [];
        if (types.Length != 0 && types.Length != tokens.Length)
            throw new AlidadeException($"{name}: tokenizer.ggml.token_type has {types.Length} entries and tokenizer.ggml.tokens {tokens.Length}; they must have as many");
        var ids = new Dictionary<string, int>(tokens.Length, StringComparer.Ordinal);
        for (var i = 0; i < tokens.Length; i++)
            ids[tokens[i]] = i;
        var begin = Token("tokenizer.ggml.bos_token_id");
        return new()
        {
            Name = name,
            Model = new BytePairVocabulary
            {
                Ids = ids,
                Merges = [.. Required<string[]>("tokenizer.ggml.merges").Select(Pair)],
                IgnoreMerges = recipe.IgnoreMerges,
            },
            AddedTokens = [.. types.Select((type, id) => (type, id)).Where(x => x.type is Control or UserDefined)
                .Select(x => new AddedToken(x.id, tokens[x.id]) { Special = x.type == Control })],
            Normalizer = recipe.Normalizer is null ? default : TokenizerDefinition.Component(recipe.Normalizer),
            PreTokenizer = TokenizerDefinition.Component(recipe.PreTokenizer),
            PostProcessor = TokenizerDefinition.Component(PostProcessor()),
            Decoder = TokenizerDefinition.Component(GgufPreTokenizers.ByteLevel(useRegex: true)),
            BeginningOfText = begin,
            EndOfText = Token("tokenizer.ggml.eos_token_id"),
            Padding = Token("tokenizer.ggml.padding_token_id"),
            ChatTemplateSource = Optional<string>("tokenizer.chat_template"),
        };

        string PostProcessor()
        {
            if (begin is not { } id || !recipe.AddsBeginning || Optional<object>("tokenizer.ggml.add_bos_token") is false)
                return GgufPreTokenizers.ByteLevel(useRegex: true);
            var token = System.Text.Json.JsonSerializer.Serialize(tokens[id]);
            var special = $$$"""{"SpecialToken":{"id":{{{token}}},"type_id":0}}""";
            return $$$$"""
                {"type":"TemplateProcessing","single":[{{{{special}}}},{"Sequence":{"id":"A","type_id":0}}],
                 "pair":[{{{{special}}}},{"Sequence":{"id":"A","type_id":0}},{{{{special.Replace("\"type_id\":0", "\"type_id\":1", StringComparison.Ordinal)}}}},{"Sequence":{"id":"B","type_id":1}}],
                 "special_tokens":{{{{{token}}}}:{"id":{{{{token}}}},"ids":[{{{{id}}}}],"tokens":[{{{{token}}}}]}}}
                """;
        }

        int? Token(string key)
        {
            if (Optional<object>(key) is not { } value)
                return null;
            var id = value is IConvertible number and not string ? number.ToInt64(null) : -1;
            return id >= 0 && id < tokens.Length ? (int)id
                : throw new AlidadeException($"{name}: {key} is {value}; it must be the id of one of the {tokens.Length} tokens");
        }

        (string, string) Pair(string merge, int i)
        {
            // The first character may itself be a space in no byte-level vocabulary, so the first space divides.
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            return space > 0 ? (merge[..space], merge[(space + 1)..])
                : throw new AlidadeException($"{name}: tokenizer.ggml.merges[{i}] is '{merge}'; it must be two tokens with a space between them");
        }

        T Required<T>(string key)
            where T : class => Optional<T>(key) ?? throw new AlidadeException($"{name}: the metadata has no {key}");

        T? Optional<T>(string key)
            where T : class
        {
            if (!metadata.TryGetValue(key, out var value))
                return null;
            return value as T ?? throw new AlidadeException($"{name}: {key} is of the type {value.GetType().Name}; it must be {typeof(T).Name}");
        }
    }
}
