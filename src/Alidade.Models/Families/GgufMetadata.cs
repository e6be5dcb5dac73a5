using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>The metadata of a GGUF model in the decoder's terms, as far as they are the same for every architecture.</summary>
/// <remarks>Keys: ggml's docs/gguf.md.</remarks>
internal static class GgufMetadata
{
    public static DecoderConfig Read(GgufConfigReader metadata, string family)
    {
        var heads = metadata.Size("attention.head_count");
        var width = metadata.Size("embedding_length");
        var headDim = metadata.OptionalSize("attention.key_length") ?? width / heads;
        var context = metadata.Size("context_length");
        var rms = metadata.Number("attention.layer_norm_rms_epsilon");
        return new()
        {
            Family = family,
            VocabularySize = metadata.OptionalSize("vocab_size") ?? metadata.VocabularySize ?? throw new AlidadeException($"{metadata.Where}: no vocabulary"),
            Width = width,
            Layers = metadata.Size("block_count"),
            Heads = heads,
            KeyValueHeads = metadata.OptionalSize("attention.head_count_kv") ?? heads,
            HeadDim = headDim,
            MlpWidth = metadata.Size("feed_forward_length"),
            ContextLength = context,
            Norm = rms is null ? NormKind.Layer : NormKind.Rms,
            NormEpsilon = rms ?? metadata.Number("attention.layer_norm_epsilon") ?? 1e-5,
            Activation = Activation.Silu,
            GatedMlp = true,
            Rotary = RotaryReader.ReadGguf(metadata, metadata.OptionalSize("rope.dimension_count") ?? headDim, context),
            Window = metadata.Count("attention.sliding_window") is > 0 and var window ? window : null,
            TiedHead = false,
            BeginningOfText = metadata.TokenId("bos_token_id"),
            // Of a text, of a turn, of a message.
            EndOfText = [.. new[] { "eos_token_id", "eot_token_id", "eom_token_id" }.Select(metadata.TokenId).OfType<int>().Distinct()],
        };
    }
}
