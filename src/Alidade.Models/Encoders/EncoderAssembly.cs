using System.Globalization;
using Alidade.Models.Architecture;

namespace Alidade.Models.Encoders;

/// <summary>Puts the tensors of a family's file into the encoder's places.</summary>
internal static class EncoderAssembly
{
    /// <param name="files">Names and configuration.</param>
    /// <param name="weights">The tensors of <see cref="EncoderTensors.Encoder"/>.</param>
    public static Encoder Encoder(EncoderFiles files, EncoderWeights weights)
    {
        var (names, c) = (files.Names, files.Config);
        string At(string name) => files.Prefix + name;
        var embeddings = new EncoderEmbeddings
        {
            Tokens = weights.Table(At(names.Embedding)),
            Positions = c.Positions > 0 ? weights[At(names.Positions!) + ".weight"] : null,
            TokenTypes = c.TokenTypes > 0 && names.TokenTypes is { } types ? weights.Table(At(types)) : null,
            Projection = c.EmbeddingWidth != c.Width ? weights[At(names.EmbeddingProjection!) + ".weight"] : null,
            Norm = weights.Norm(At(names.EmbeddingNorm), c.NormEpsilon),
        };
        var disentangled = c.Disentangled is not { } d ? null : new DisentangledAttention(
            d,
            weights[At(names.RelativePositions!) + ".weight"],
            d.NormalizesPositions ? weights.Norm(At(names.RelativeNorm!), c.NormEpsilon) : null);
        var blocks = Enumerable.Range(0, c.Layers).Select(layer => Block(names.Block, c, weights, name => At(name.Replace("{0}", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)))).ToList();
        var convolution = c.Convolution is not { } v ? null : new EncoderConvolution(
            v,
            weights[At(names.Convolution!) + ".weight"],
            weights[At(names.Convolution!) + ".bias"],
            weights.Norm(At(names.ConvolutionNorm!), c.NormEpsilon));
        return new(c, embeddings, blocks, disentangled, convolution);
    }

    private static EncoderBlock Block(EncoderBlockNames names, EncoderConfig c, EncoderWeights weights, Func<string, string> at)
    {
        var (query, key) = (weights.Linear(at(names.Query)), weights.Linear(at(names.Key)));
        Linear? Position(bool wanted, Linear shared, string? own) => !wanted ? null : c.Disentangled!.SharesProjections ? shared : weights.Linear(at(own!));
        return new()
        {
            Query = query,
            Key = key,
            Value = weights.Linear(at(names.Value)),
            Output = weights.Linear(at(names.Output)),
            AttentionNorm = weights.Norm(at(names.AttentionNorm), c.NormEpsilon),
            Up = weights.Linear(at(names.Up)),
            Down = weights.Linear(at(names.Down)),
            MlpNorm = weights.Norm(at(names.MlpNorm), c.NormEpsilon),
            Positions = new(
                Position(c.Disentangled is { ContentToPosition: true }, key, names.PositionKey),
                Position(c.Disentangled is { PositionToContent: true }, query, names.PositionQuery)),
        };
    }
}
