using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>What the branch of GPT-2 shares: LayerNorm, a key head for each query head, an MLP without gate of four times the width. A family says in what it differs.</summary>
internal abstract class GptLike : ModelFamily
{
    /// <summary>Whether the head is the embedding when the file does not say.</summary>
    protected virtual bool TiedByDefault => true;

    /// <summary>The shared facts, with the sizes that files give under different keys.</summary>
    protected DecoderConfig Read(ConfigReader config, int width, int layers, int heads, int context) => new()
    {
        Family = ModelType,
        VocabularySize = config.Size("vocab_size"),
        Width = width,
        Layers = layers,
        Heads = heads,
        KeyValueHeads = heads,
        HeadDim = width / heads,
        MlpWidth = 4 * width,
        ContextLength = context,
        Norm = NormKind.Layer,
        NormEpsilon = config.Number("layer_norm_epsilon") ?? 1e-5,
        Activation = Activations.Parse(config.Text("activation_function") ?? "gelu_new", config.Where),
        GatedMlp = false,
        TiedHead = config.Flag("tie_word_embeddings", TiedByDefault),
        BeginningOfText = config.TokenIds("bos_token_id") is [var bos, ..] ? bos : null,
        EndOfText = config.TokenIds("eos_token_id"),
    };
}
