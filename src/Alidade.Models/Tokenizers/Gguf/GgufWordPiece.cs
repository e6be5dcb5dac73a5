using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>The vocabulary <c>bert</c>: WordPiece in which, other than in the released files, words begin with ▁ and what goes on has no mark.</summary>
internal static class GgufWordPiece
{
    private const char WordStart = '▁';

    /// <summary>Reads the keys.</summary>
    public static TokenizerDefinition Read(GgufVocabulary vocabulary)
    {
        var ids = new Dictionary<string, int>(vocabulary.Tokens.Length, StringComparer.Ordinal);
        for (var id = 0; id < vocabulary.Tokens.Length; id++)
            ids[Released(vocabulary, id)] = id;
        var unknown = Special("tokenizer.ggml.unknown_token_id");
        var first = vocabulary.Token("tokenizer.ggml.cls_token_id") ?? Special("tokenizer.ggml.bos_token_id");
        var last = vocabulary.Token("tokenizer.ggml.seperator_token_id") ?? Special("tokenizer.ggml.eos_token_id");
        var model = new WordPieceVocabulary { Ids = ids, Unknown = vocabulary.Tokens[unknown] };
        // A vocabulary with capitals is of a cased model; the file does not say it.
        var lowercase = !ids.Any(t => vocabulary.TypeOf(t.Value) == GgufVocabulary.TokenType.Normal && t.Key.Any(char.IsAsciiLetterUpper));
        return vocabulary.Definition(model, vocabulary.AddedTokens()) with
        {
            Normalizer = TokenizerDefinition.Component(
                $$"""{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,"lowercase":{{(lowercase ? "true" : "false")}}}"""),
            PreTokenizer = TokenizerDefinition.Component("""{"type":"BertPreTokenizer"}"""),
            PostProcessor = vocabulary.Frame(
                [(first, 0), (GgufVocabulary.TextA, 0), (last, 0)], [(first, 0), (GgufVocabulary.TextA, 0), (last, 0), (GgufVocabulary.TextB, 1), (last, 1)]),
            Decoder = TokenizerDefinition.Component("""{"type":"WordPiece","prefix":"##","cleanup":true}"""),
        };

        int Special(string key) => vocabulary.Token(key) ?? throw new AlidadeException($"{vocabulary.Name}: the metadata has no {key}");
    }

    private static string Released(GgufVocabulary vocabulary, int id) =>
        vocabulary.Tokens[id] is var token && vocabulary.TypeOf(id) is GgufVocabulary.TokenType.Control or GgufVocabulary.TokenType.Unknown ? token
        : token.StartsWith(WordStart) ? token[1..]
        : "##" + token;
}
