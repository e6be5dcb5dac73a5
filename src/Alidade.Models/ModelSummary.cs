using System.Globalization;
using Alidade.Models.Architecture;
using Alidade.Models.Families;

namespace Alidade.Models;

/// <summary>What a model is.</summary>
public sealed record ModelSummary
{
    /// <summary>What it was loaded from.</summary>
    public required string Name { get; init; }

    /// <summary>Its shape in words.</summary>
    public required string Architecture { get; init; }

    /// <summary>Number of weights.</summary>
    public required long Parameters { get; init; }

    /// <summary>Number of weights of each part.</summary>
    public required IReadOnlyDictionary<string, long> Parts { get; init; }

    /// <summary>Bytes of the weights in memory.</summary>
    public required long MemoryBytes { get; init; }

    /// <summary>Number type of the weights in memory.</summary>
    public required string NumberType { get; init; }

    /// <summary>Longest sequence, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Size of the vocabulary.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Whether a tokenizer came with it.</summary>
    public required bool HasTokenizer { get; init; }

    /// <summary>Whether a chat template came with it.</summary>
    public required bool HasChatTemplate { get; init; }

    /// <summary>The tokens that end an answer.</summary>
    public required IReadOnlyList<string> EndTokens { get; init; }

    /// <summary>Summarises a model.</summary>
    public static ModelSummary Of(CausalLM model)
    {
        var c = model.Config;
        return new()
        {
            Name = model.Name,
            Architecture = Describe(c),
            Parameters = model.ParameterCount,
            Parts = PartsOf(model.Family, c),
            MemoryBytes = model.WeightSizes.Sum(w => w.Bytes),
            NumberType = model.Weights == WeightStorage.AsStored ? $"{model.StoredFormats} as stored, the rest {model.DType}" : model.DType.ToString(),
            ContextLength = c.ContextLength,
            VocabularySize = c.VocabularySize,
            HasTokenizer = model.HasTokenizer,
            HasChatTemplate = model.ChatTemplate is not null,
            EndTokens = [.. model.EndTokens.Order().Select(id => (model.HasTokenizer ? model.Tokenizer.TokenOrNull(id) : null) ?? id.ToString(CultureInfo.InvariantCulture))],
        };
    }

    /// <summary>A decoder's shape in words.</summary>
    internal static string Describe(DecoderConfig c) => string.Create(CultureInfo.InvariantCulture,
        $"{c.Family}: {c.Layers} layers, width {c.Width}, {c.Heads} heads of {c.HeadDim} over {c.KeyValueHeads} key heads, {(c.GatedMlp ? "gated " : "")}MLP {c.MlpWidth} ({Activations.Name(c.Activation)}), {(c.Norm == NormKind.Rms ? "RMSNorm" : "LayerNorm")}, {Positions(c)}{(c.Window is { } window ? $", window {window}" : "")}{(c.TiedHead ? ", tied head" : "")}");

    /// <summary>The number of weights of each part, by the tensors that a model of this configuration has.</summary>
    internal static IReadOnlyDictionary<string, long> PartsOf(ModelFamily family, DecoderConfig config) =>
        DecoderAssembly.Expected(family, config).GroupBy(e => Part(e.GgufName)).ToDictionary(g => g.Key, g => g.Sum(e => e.Shape.Aggregate(1L, (product, size) => product * size)));

    // GGUF's names are the same for every family.
    private static string Part(string name) =>
        name.Contains("norm", StringComparison.Ordinal) ? "norms"
        : name.Contains("attn", StringComparison.Ordinal) ? "attention"
        : name.Contains("ffn", StringComparison.Ordinal) ? "mlp"
        : name.Contains("embd", StringComparison.Ordinal) ? "embedding"
        : "head";

    private static string Positions(DecoderConfig config) => config.Rotary is { } rotary
        ? string.Create(CultureInfo.InvariantCulture, $"rotary positions θ {rotary.Theta:g}{(rotary.Scaling == RotaryScaling.None ? "" : $" ({rotary.Scaling})")}")
        : config.Alibi ? "ALiBi" : "learned positions";
}
