using System.Globalization;
using Alidade.Models.Architecture;

namespace Alidade.Models.Encoders;

/// <summary>Puts the tensors of a family's file into the encoder's places.</summary>
internal static class EncoderAssembly
{
    public static Encoder Encoder(EncoderNames names, EncoderConfig c, EncoderWeights weights)
    {
        string At(string name) => weights.Prefix + name;
        var embeddings = new EncoderEmbeddings
        {
            Tokens = weights.Table(At(names.Embedding), c.VocabularySize, c.EmbeddingWidth),
            Positions = c.Positions > 0 ? weights.Take(At(names.Positions!) + ".weight", c.Positions, c.EmbeddingWidth) : null,
            TokenTypes = c.TokenTypes > 0 && names.TokenTypes is { } types ? weights.Table(At(types), c.TokenTypes, c.EmbeddingWidth) : null,
            Projection = c.EmbeddingWidth != c.Width ? weights.Take(At(names.EmbeddingProjection!) + ".weight", c.Width, c.EmbeddingWidth) : null,
            Norm = weights.Norm(At(names.EmbeddingNorm), c.Width, c.NormEpsilon),
        };
        var disentangled = c.Disentangled is not { } d ? null : new DisentangledAttention(
            d,
            weights.Take(At(names.RelativePositions!) + ".weight", 2L * d.Span, c.Width),
            d.NormalizesPositions ? weights.Norm(At(names.RelativeNorm!), c.Width, c.NormEpsilon) : null);
        var blocks = Enumerable.Range(0, c.Layers).Select(layer => Block(names.Block, c, weights, name => At(name.Replace("{0}", layer.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)))).ToList();
        var convolution = c.Convolution is not { } v ? null : new EncoderConvolution(
            v,
            weights.Take(At(names.Convolution!) + ".weight", c.Width, c.Width, v.Kernel),
            weights.Take(At(names.Convolution!) + ".bias", c.Width),
            weights.Norm(At(names.ConvolutionNorm!), c.Width, c.NormEpsilon));
        return new(c, embeddings, blocks, disentangled, convolution);
    }

    private static EncoderBlock Block(EncoderBlockNames names, EncoderConfig c, EncoderWeights weights, Func<string, string> at)
    {
        var attended = (long)c.Heads * c.HeadDim;
        var query = weights.Linear(at(names.Query), c.Width, attended);
        var key = weights.Linear(at(names.Key), c.Width, attended);
        Linear? Position(bool wanted, Linear shared, string? own) =>
            !wanted ? null : c.Disentangled!.SharesProjections ? shared : weights.Linear(at(own!), c.Width, attended);
        return new()
        {
            Query = query,
            Key = key,
            Value = weights.Linear(at(names.Value), c.Width, attended),
            Output = weights.Linear(at(names.Output), attended, c.Width),
            AttentionNorm = weights.Norm(at(names.AttentionNorm), c.Width, c.NormEpsilon),
            Up = weights.Linear(at(names.Up), c.Width, c.MlpWidth),
            Down = weights.Linear(at(names.Down), c.MlpWidth, c.Width),
            MlpNorm = weights.Norm(at(names.MlpNorm), c.Width, c.NormEpsilon),
            Positions = new(
                Position(c.Disentangled is { ContentToPosition: true }, key, names.PositionKey),
                Position(c.Disentangled is { PositionToContent: true }, query, names.PositionQuery)),
        };
    }
}
