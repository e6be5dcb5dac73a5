using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>The vocabulary <c>llama</c>: SentencePiece BPE with byte fallback, in which the better score joins first.</summary>
/// <remarks>The merges are, as in the conversion of Hugging Face transformers, all pairs of tokens that give a token, in the order of its score.</remarks>
internal static class GgufSentencePiece
{
    private const string Space = "▁";

    /// <summary>Reads the keys.</summary>
    public static TokenizerDefinition Read(GgufVocabulary vocabulary)
    {
        var ids = vocabulary.Ids;
        var unknown = vocabulary.Token("tokenizer.ggml.unknown_token_id") ?? (vocabulary.Tokens.Length > 0 ? 0 : throw new AlidadeException($"{vocabulary.Name}: tokenizer.ggml.tokens is empty"));
        var model = new BytePairVocabulary
        {
            Ids = ids,
            Merges = Merges(vocabulary, ids),
            Unknown = vocabulary.Tokens[unknown],
            FuseUnknown = true,
            ByteFallback = true,
        };
        var definition = vocabulary.Definition(model, vocabulary.AddedTokens(unknown, vocabulary.Token("tokenizer.ggml.bos_token_id")));
        var prefix = vocabulary.Flag("tokenizer.ggml.add_space_prefix", true);
        var spaces = $$"""{"type":"Replace","pattern":{"String":" "},"content":"{{Space}}"}""";
        var decoders = $$"""{"type":"Replace","pattern":{"String":"{{Space}}"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}""";
        var strip = prefix ? """,{"type":"Strip","content":" ","start":1,"stop":0}""" : "";
        return definition with
        {
            AddedTokens = ReleasedFlags(vocabulary, definition.AddedTokens),
            Normalizer = TokenizerDefinition.Component(prefix ? $$"""{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"{{Space}}"},{{spaces}}]}""" : spaces),
            PostProcessor = vocabulary.BeginAndEnd(definition, begins: true, ends: false, secondType: 1),
            Decoder = TokenizerDefinition.Component($$"""{"type":"Sequence","decoders":[{{decoders}}{{strip}}]}"""),
        };
    }

    private static List<(string Left, string Right)> Merges(GgufVocabulary vocabulary, Dictionary<string, int> ids)
    {
        var scores = vocabulary.Scores;
        var lookup = ids.GetAlternateLookup<ReadOnlySpan<char>>();
        var merges = new List<(string Left, string Right)>();
        foreach (var id in Enumerable.Range(0, scores.Length).Where(id => vocabulary.TypeOf(id) == GgufVocabulary.TokenType.Normal).OrderByDescending(id => scores[id]).ThenBy(id => id))
        {
            var token = vocabulary.Tokens[id];
            var splits = new List<(int Left, int Right)>();
            for (var at = 1; at < token.Length; at++)
                if (lookup.TryGetValue(token.AsSpan(0, at), out var left) && lookup.TryGetValue(token.AsSpan(at), out var right))
                    splits.Add((left, right));
            merges.AddRange(splits.Order().Select(s => (vocabulary.Tokens[s.Left], vocabulary.Tokens[s.Right])));
        }

        return merges;
    }

    // The released tokenizers of Phi-3 take the white space behind most of their added tokens along, and GGUF has no place to say so.
    private static IReadOnlyList<AddedToken> ReleasedFlags(GgufVocabulary vocabulary, IReadOnlyList<AddedToken> added) =>
        vocabulary.Optional<string>("general.architecture") != "phi3" ? added
        : [.. added.Select(t => t.Content is "<unk>" or "<s>" or "<|endoftext|>" ? t : t with { TakesSpaceAfter = true })];
}
