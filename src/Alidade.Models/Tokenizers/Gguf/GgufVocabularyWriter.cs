using System.Globalization;
using Alidade.Core;
using static Alidade.Models.Tokenizers.GgufVocabulary;

namespace Alidade.Models.Tokenizers;

/// <summary>Writes a tokenizer as the metadata of a GGUF file.</summary>
/// <remarks>
/// GGUF names a kind of vocabulary and a pre-tokenizer and says no more. So each name that could be meant is tried: what is written is read back and must
/// give the tokens of the tokenizer for texts in which the names differ, as llama.cpp's converter finds the name too. Nothing that fits is a refusal.
/// </remarks>
internal static class GgufVocabularyWriter
{
    /// <summary>Scripts, cases, contractions, digits, punctuation, white space and what is no letter: where pre-tokenizers differ.</summary>
    private static readonly string[] Probes =
    [
        "", "a", " a", "Hello World, it's a TEST; we'll SEE'LL they'Re I'M", "camelCase HTTPServer ABCdef", "3 33 333 3333 33333 333333 3.14159 1,000,000 a1b22c333",
        "  two   three\n\nlines \r\n\t tab\n  end  ", "don't stop... (now)! [x]{y} <z> \"q\" ‘q’ “q” — – … a/b/c\\d_e", "naïve café Ⅷ ½ ² e\u0301 ﬁ Ǆ",
        "Привет мир, как дела? Γειά σου", "你好世界，今天是2024年。こんにちは世界カタカナ 안녕하세요", "مرحبا بالعالم שלום नमस्ते สวัสดี ፊደል", "🙂🚀👨‍👩‍👧 é\u200d ✓→∑", "http://x.org/?a=1&b=2#c\nfor (i=0;i<10;i++) { s+=a[i]; }",
        "'s 't 're 've 'm 'll 'd 'S ’s", "!!!??? ###$$$ %%%^^^ &&&*** +=~`|", "\u00a0\u3000 \u2028x",
    ];

    /// <summary>The metadata of a tokenizer.</summary>
    /// <param name="definition">The tokenizer.</param>
    /// <param name="vocabularySize">Rows of the model's embedding; rows without a token are filled up.</param>
    /// <param name="architecture">The file's <c>general.architecture</c>, on which some vocabularies depend.</param>
    /// <exception cref="NotBuiltException">GGUF has no vocabulary that encodes as this tokenizer does.</exception>
    public static OrderedDictionary<string, object> Write(TokenizerDefinition definition, int vocabularySize, string architecture)
    {
        var tokenizer = new Tokenizer(definition);
        if (tokenizer.VocabularySize > vocabularySize)
            throw new AlidadeException($"{definition.Name} has {tokenizer.VocabularySize} tokens, the model's embedding {vocabularySize} rows; they do not belong together");
        var shared = Shared(definition, tokenizer, vocabularySize);
        var candidates = definition.Model switch
        {
            BytePairVocabulary { ByteFallback: true } model => new[] { true, false }.Select(prefix => SentencePiece(shared, definition, model, prefix)),
            BytePairVocabulary model => GgufPreTokenizers.Names.Where(n => n != "default").DistinctBy(n => GgufPreTokenizers.Find(n, definition.Name)).Select(n => ByteLevel(shared, model, n)),
            _ => throw new NotBuiltException($"{definition.Name}: its vocabulary is not written as GGUF; byte-level BPE and SentencePiece BPE are"),
        };
        // Every added token shows its flags, and every other one whether it is reached by merges or taken as it is.
        var probes = Probes.Concat(definition.AddedTokens.SelectMany(t => new[] { t.Content, $"a {t.Content} b", $"a{t.Content}b" })).ToList();
        var expected = probes.ConvertAll(p => Ids(tokenizer, p));
        var words = Enumerable.Range(0, tokenizer.VocabularySize).Select(tokenizer.TokenText).ToList();
        var pieces = words.ConvertAll(tokenizer.Encode);
        return candidates.FirstOrDefault(Fits)
            ?? throw new NotBuiltException($"{definition.Name}: no vocabulary of GGUF encodes as this tokenizer does (its pre-tokenizer or normaliser has no name there); write safetensors instead");

        bool Fits(OrderedDictionary<string, object> metadata)
        {
            var back = Tokenizer.FromGguf(new OrderedDictionary<string, object>(metadata) { ["general.architecture"] = architecture }, definition.Name);
            return probes.Zip(expected).All(p => Ids(back, p.First).SequenceEqual(p.Second)) && words.Zip(pieces).All(w => back.Encode(w.First).SequenceEqual(w.Second));
        }
    }

    private static int[] Ids(Tokenizer tokenizer, string text) => [.. tokenizer.EncodeWithOffsets(text, new() { AddSpecialTokens = true, ParseSpecialTokens = true }).Ids];

    private static OrderedDictionary<string, object> Shared(TokenizerDefinition definition, Tokenizer tokenizer, int vocabularySize)
    {
        var added = definition.AddedTokens.Select(t => t.Id).ToHashSet();
        var tokens = new string[vocabularySize];
        var types = new int[vocabularySize];
        for (var id = 0; id < vocabularySize; id++)
        {
            var token = tokenizer.TokenOrNull(id);
            tokens[id] = token ?? string.Create(CultureInfo.InvariantCulture, $"[PAD{id}]");
            types[id] = (int)(token is null ? TokenType.Unused : !added.Contains(id) ? TokenType.Normal : tokenizer.IsSpecial(id) ? TokenType.Control : TokenType.UserDefined);
        }

        var metadata = new OrderedDictionary<string, object> { ["tokenizer.ggml.tokens"] = tokens, ["tokenizer.ggml.token_type"] = types };
        foreach (var (key, id) in new[] { ("bos", definition.BeginningOfText), ("eos", definition.EndOfText), ("padding", definition.Padding) })
            if (id is { } known)
                metadata[$"tokenizer.ggml.{key}_token_id"] = (uint)known;
        var framed = Ids(tokenizer, "a");
        metadata["tokenizer.ggml.add_bos_token"] = framed.Length > 0 && framed[0] == definition.BeginningOfText;
        metadata["tokenizer.ggml.add_eos_token"] = framed.Length > 0 && framed[^1] == definition.EndOfText;
        return metadata;
    }

    private static OrderedDictionary<string, object> ByteLevel(OrderedDictionary<string, object> shared, BytePairVocabulary model, string pre) => new(shared)
    {
        ["tokenizer.ggml.model"] = "gpt2",
        ["tokenizer.ggml.pre"] = pre,
        ["tokenizer.ggml.merges"] = model.Merges.Select(m => $"{m.Left} {m.Right}").ToArray(),
    };

    // The reader joins by the score of the result: the earlier a merge, the better its score.
    private static OrderedDictionary<string, object> SentencePiece(OrderedDictionary<string, object> shared, TokenizerDefinition definition, BytePairVocabulary model, bool prefix)
    {
        var tokens = (string[])shared["tokenizer.ggml.tokens"];
        var types = (int[])((int[])shared["tokenizer.ggml.token_type"]).Clone();
        var rank = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var (left, right) in model.Merges)
            rank.TryAdd(left + right, rank.Count);
        var scores = new float[tokens.Length];
        for (var id = 0; id < tokens.Length; id++)
        {
            if (tokens[id] == model.Unknown)
                types[id] = (int)TokenType.Unknown;
            else if (tokens[id] is ['<', '0', 'x', _, _, '>'] && types[id] == (int)TokenType.Normal)
                types[id] = (int)TokenType.Byte;
            else if (types[id] == (int)TokenType.Normal)
                scores[id] = -(rank.TryGetValue(tokens[id], out var place) ? place : rank.Count + id);
        }

        var metadata = new OrderedDictionary<string, object>(shared)
        {
            ["tokenizer.ggml.model"] = "llama",
            ["tokenizer.ggml.pre"] = "default",
            ["tokenizer.ggml.token_type"] = types,
            ["tokenizer.ggml.scores"] = scores,
            ["tokenizer.ggml.add_space_prefix"] = prefix,
        };
        if (model.Unknown is { } unknown && definition.Model.Ids.TryGetValue(unknown, out var unknownId))
            metadata["tokenizer.ggml.unknown_token_id"] = (uint)unknownId;
        return metadata;
    }
}
