using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>The vocabulary <c>t5</c>: SentencePiece's Unigram with its compiled normalisation.</summary>
/// <remarks>The parts are those that Hugging Face transformers makes of a SentencePiece model of this kind.</remarks>
internal static class GgufUnigram
{
    private const string Map = "tokenizer.ggml.precompiled_charsmap";

    /// <summary>Reads the keys.</summary>
    public static TokenizerDefinition Read(GgufVocabulary vocabulary)
    {
        var scores = vocabulary.Scores;
        var unknown = vocabulary.Token("tokenizer.ggml.unknown_token_id");
        var hasBytes = vocabulary.Tokens.Contains("<0x00>");
        var model = UnigramVocabulary.Of([.. vocabulary.Tokens.Select((t, i) => (t, (double)scores[i]))], unknown, hasBytes);
        var definition = vocabulary.Definition(model, vocabulary.AddedTokens(unknown));
        var prefix = vocabulary.Flag("tokenizer.ggml.add_space_prefix", true) ? "always" : "never";
        var metaspace = TokenizerDefinition.Component($$"""{"type":"Metaspace","replacement":"▁","prepend_scheme":"{{prefix}}","split":true}""");
        var normalizers = new List<object>();
        if (vocabulary.Optional<object>(Map) is { } map)
            normalizers.Add(new { type = "Precompiled", precompiled_charsmap = Convert.ToBase64String(Bytes(map, vocabulary.Name)) });
        if (vocabulary.Flag("tokenizer.ggml.remove_extra_whitespaces", true))
        {
            normalizers.Add(new { type = "Strip", strip_left = false, strip_right = true });
            normalizers.Add(new { type = "Replace", pattern = new { Regex = " {2,}" }, content = "▁" });
        }

        return definition with
        {
            Normalizer = normalizers.Count == 0 ? default : JsonSerializer.SerializeToElement(new { type = "Sequence", normalizers }),
            PreTokenizer = metaspace,
            PostProcessor = vocabulary.BeginAndEnd(definition, begins: false, ends: true, secondType: 0),
            Decoder = metaspace,
        };
    }

    private static byte[] Bytes(object map, string name) => map switch
    {
        byte[] bytes => bytes,
        sbyte[] bytes => [.. bytes.Select(b => (byte)b)],
        _ => throw new AlidadeException($"{name}: {Map} is of the type {map.GetType().Name}; it must be an array of bytes"),
    };
}
