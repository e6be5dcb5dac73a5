using System.Globalization;
using Alidade.Models.Architecture;

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
            Architecture = string.Create(CultureInfo.InvariantCulture,
                $"{c.Family}: {c.Layers} layers, width {c.Width}, {c.Heads} heads of {c.HeadDim} over {c.KeyValueHeads} key heads, {(c.GatedMlp ? "gated " : "")}MLP {c.MlpWidth} ({Activations.Name(c.Activation)}), {(c.Norm == NormKind.Rms ? "RMSNorm" : "LayerNorm")}, {Positions(c)}{(c.TiedHead ? ", tied head" : "")}"),
            Parameters = model.ParameterCount,
            Parts = model.Parameters.GroupBy(p => Part(p.Key)).ToDictionary(g => g.Key, g => g.Sum(p => p.Value.numel())),
            MemoryBytes = model.Parameters.Values.Sum(p => p.numel() * p.element_size()),
            NumberType = model.DType.ToString(),
            ContextLength = c.ContextLength,
            VocabularySize = c.VocabularySize,
            HasTokenizer = model.HasTokenizer,
            HasChatTemplate = model.ChatTemplate is not null,
            EndTokens = [.. model.EndTokens.Order().Select(id => model.HasTokenizer ? model.Tokenizer.Token(id) : id.ToString(CultureInfo.InvariantCulture))],
        };
    }

    private static string Positions(DecoderConfig config) => config.Rotary is { } rotary
        ? string.Create(CultureInfo.InvariantCulture, $"rotary positions θ {rotary.Theta:g}{(rotary.Scaling == RotaryScaling.None ? "" : $" ({rotary.Scaling})")}")
        : config.Alibi ? "ALiBi" : "learned positions";

    private static string Part(string name) =>
        name.Contains("attn", StringComparison.Ordinal) ? "attention"
        : name.Contains("mlp", StringComparison.Ordinal) ? "mlp"
        : name.Contains("embed", StringComparison.Ordinal) || name.Contains("wte", StringComparison.Ordinal) || name.Contains("wpe", StringComparison.Ordinal) ? "embedding"
        : name.Contains("head", StringComparison.Ordinal) ? "head"
        : "norms";
}
