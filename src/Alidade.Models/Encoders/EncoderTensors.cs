using System.Globalization;
using Alidade.Models.Weights;

namespace Alidade.Models.Encoders;

/// <summary>A tensor that an encoder of some configuration has.</summary>
/// <param name="Name">Its name in the family's files.</param>
/// <param name="Part">What it belongs to, for people.</param>
/// <param name="Shape">Its shape.</param>
internal sealed record EncoderTensor(string Name, string Part, params long[] Shape)
{
    // How a layer norm's gain and shift were called in files of old.
    private static readonly (string New, string Old)[] OldNames = [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")];

    /// <summary>What the file has under a name, or under the name that it had of old; null for nothing.</summary>
    public static TensorEntry? Find(IWeightFile file, string name)
    {
        if (file.Tensors.TryGetValue(name, out var entry))
            return entry;
        var (current, old) = Array.Find(OldNames, n => name.EndsWith(n.New, StringComparison.Ordinal));
        return current is null ? null : file.Tensors.GetValueOrDefault(name[..^current.Length] + old);
    }

    /// <summary>What the file has, of the shape that the configuration asks for.</summary>
    public TensorEntry In(IWeightFile file) => TensorCheck.Entry(file, Name, Find(file, Name), Shape);
}

/// <summary>Every tensor of an encoder and of its heads, by its configuration.</summary>
internal static class EncoderTensors
{
    /// <summary>The encoder without a head.</summary>
    public static IEnumerable<EncoderTensor> Encoder(EncoderNames names, EncoderConfig c, string prefix)
    {
        string At(string? name) => prefix + name;
        yield return new(At(names.Embedding) + ".weight", "embedding", c.VocabularySize, c.EmbeddingWidth);
        if (c.Positions > 0)
            yield return new(At(names.Positions) + ".weight", "embedding", c.Positions, c.EmbeddingWidth);
        if (c.TokenTypes > 0 && names.TokenTypes is { } types)
            yield return new(At(types) + ".weight", "embedding", c.TokenTypes, c.EmbeddingWidth);
        if (c.EmbeddingWidth != c.Width)
            yield return new(At(names.EmbeddingProjection) + ".weight", "embedding", c.Width, c.EmbeddingWidth);
        IEnumerable<EncoderTensor> rest =
        [
            .. Norm(At(names.EmbeddingNorm), c.Width),
            .. c.Disentangled is { } d ? [new(At(names.RelativePositions) + ".weight", "embedding", 2L * d.Span, c.Width)] : Array.Empty<EncoderTensor>(),
            .. c.Disentangled is { NormalizesPositions: true } ? Norm(At(names.RelativeNorm), c.Width) : [],
            .. Enumerable.Range(0, c.Layers).SelectMany(layer => Block(names.Block, c, name => At(name.Replace("{0}", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)))),
        ];
        foreach (var tensor in rest)
            yield return tensor;
        if (c.Convolution is not { } convolution)
            yield break;
        yield return new(At(names.Convolution) + ".weight", "convolution", c.Width, c.Width, convolution.Kernel);
        yield return new(At(names.Convolution) + ".bias", "convolution", c.Width);
        foreach (var tensor in Norm(At(names.ConvolutionNorm), c.Width))
            yield return tensor;
    }

    /// <summary>The masked-token head; a tied output matrix is the embedding's.</summary>
    public static IEnumerable<EncoderTensor> MaskedHead(MaskedHeadNames names, EncoderConfig c) =>
    [
        .. Linear(names.Dense, "head", c.Width, c.EmbeddingWidth),
        .. Norm(names.Norm, c.EmbeddingWidth),
        .. c.TiedHead ? Array.Empty<EncoderTensor>() : [new(names.Output + ".weight", "head", c.VocabularySize, c.EmbeddingWidth)],
        new(names.Bias, "head", c.VocabularySize),
    ];

    /// <summary>The classification head.</summary>
    public static IEnumerable<EncoderTensor> Classifier(ClassifierNames names, EncoderConfig c) =>
        [.. Linear(names.Dense, "head", c.Width, c.Width), .. Linear(names.Output, "head", c.Width, c.Labels.Count)];

    /// <summary>A projection with a bias.</summary>
    public static IEnumerable<EncoderTensor> Linear(string module, string part, long inputs, long outputs) =>
        [new(module + ".weight", part, outputs, inputs), new(module + ".bias", part, outputs)];

    /// <summary>A layer norm.</summary>
    public static IEnumerable<EncoderTensor> Norm(string module, long width) => [new(module + ".weight", "norms", width), new(module + ".bias", "norms", width)];

    private static IEnumerable<EncoderTensor> Block(EncoderBlockNames names, EncoderConfig c, Func<string, string> at)
    {
        var attended = (long)c.Heads * c.HeadDim;
        IEnumerable<EncoderTensor> Attention(bool wanted, string? name) => wanted ? Linear(at(name!), "attention", c.Width, attended) : [];
        return
        [
            .. Attention(true, names.Query), .. Attention(true, names.Key), .. Attention(true, names.Value),
            .. Linear(at(names.Output), "attention", attended, c.Width),
            .. Norm(at(names.AttentionNorm), c.Width),
            .. Linear(at(names.Up), "mlp", c.Width, c.MlpWidth), .. Linear(at(names.Down), "mlp", c.MlpWidth, c.Width),
            .. Norm(at(names.MlpNorm), c.Width),
            .. Attention(c.Disentangled is { ContentToPosition: true, SharesProjections: false }, names.PositionKey),
            .. Attention(c.Disentangled is { PositionToContent: true, SharesProjections: false }, names.PositionQuery),
        ];
    }
}
