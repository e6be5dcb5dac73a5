using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>The vocabulary <c>gpt2</c>: byte-level BPE with the pre-tokenizer that <c>tokenizer.ggml.pre</c> names.</summary>
/// <remarks>
/// <c>add_bos_token</c> puts in a token only where the released post-processor does (it is true in DeepSeek's files, whose post-processor puts in none); false
/// leaves it out everywhere.
/// </remarks>
internal static class GgufByteLevel
{
    /// <summary>Reads the keys.</summary>
    public static TokenizerDefinition Read(GgufVocabulary vocabulary)
    {
        var recipe = GgufPreTokenizers.Find(vocabulary.Optional<string>("tokenizer.ggml.pre"), vocabulary.Name);
        var byteLevel = TokenizerDefinition.Component(GgufPreTokenizers.ByteLevel(useRegex: true));
        var model = new BytePairVocabulary
        {
            Ids = vocabulary.Ids,
            Merges = [.. vocabulary.Required<string[]>("tokenizer.ggml.merges").Select(Pair)],
            IgnoreMerges = recipe.IgnoreMerges,
        };
        var definition = vocabulary.Definition(model, vocabulary.AddedTokens());
        return definition with
        {
            Normalizer = recipe.Normalizer is null ? default : TokenizerDefinition.Component(recipe.Normalizer),
            PreTokenizer = TokenizerDefinition.Component(recipe.PreTokenizer),
            PostProcessor = Frame(),
            Decoder = byteLevel,
        };

        System.Text.Json.JsonElement Frame()
        {
            if (recipe.Frame == GgufFrame.None || definition.BeginningOfText is not { } begin || !vocabulary.Flag("tokenizer.ggml.add_bos_token", true))
                return byteLevel;
            if (recipe.Frame == GgufFrame.Beginning)
                return vocabulary.Frame([(begin, 0), (GgufVocabulary.TextA, 0)], [(begin, 0), (GgufVocabulary.TextA, 0), (begin, 1), (GgufVocabulary.TextB, 1)]);
            var end = vocabulary.Token("tokenizer.ggml.seperator_token_id") ?? definition.EndOfText
                ?? throw new AlidadeException($"{vocabulary.Name}: the metadata has no tokenizer.ggml.seperator_token_id");
            return vocabulary.Frame([(begin, 0), (GgufVocabulary.TextA, 0), (end, 0)], [(begin, 0), (GgufVocabulary.TextA, 0), (end, 0), (end, 0), (GgufVocabulary.TextB, 0), (end, 0)]);
        }

        (string, string) Pair(string merge, int i)
        {
            // A space is in no byte-level token, so the first one divides.
            var space = merge.IndexOf(' ', StringComparison.Ordinal);
            return space > 0 ? (merge[..space], merge[(space + 1)..])
                : throw new AlidadeException($"{vocabulary.Name}: tokenizer.ggml.merges[{i}] is '{merge}'; it must be two tokens with a space between them");
        }
    }
}
