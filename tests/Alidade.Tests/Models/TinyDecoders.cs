using Alidade.Models.Architecture;

namespace Alidade.Tests.Models;

/// <summary>Configurations of decoders that cost nothing.</summary>
internal static class TinyDecoders
{
    /// <summary>LayerNorm, biases, learned positions.</summary>
    public static DecoderConfig Layered { get; } = new()
    {
        Family = "gpt2",
        VocabularySize = 20,
        Width = 16,
        Layers = 2,
        Heads = 4,
        KeyValueHeads = 4,
        HeadDim = 4,
        MlpWidth = 24,
        ContextLength = 16,
        Norm = NormKind.Layer,
        NormEpsilon = 1e-5,
        Activation = Activation.GeluTanh,
        GatedMlp = false,
        TiedHead = true,
        QueryKeyValueBias = true,
        OutputBias = true,
        MlpBias = true,
    };

    /// <summary>RMSNorm, biases, rotary positions; two heads share a key head, and so a value bias.</summary>
    public static DecoderConfig Grouped { get; } = Layered with
    {
        Family = "llama",
        KeyValueHeads = 2,
        Norm = NormKind.Rms,
        Activation = Activation.Silu,
        GatedMlp = true,
        Rotary = new() { Dimensions = 4 },
        TiedHead = false,
    };
}
