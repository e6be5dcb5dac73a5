using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;

namespace Alidade.Models.Encoders;

/// <summary>Names of one block's modules in a file; <c>{0}</c> stands for the block's number.</summary>
internal sealed record EncoderBlockNames
{
    /// <summary>Query projection.</summary>
    public required string Query { get; init; }

    /// <summary>Key projection.</summary>
    public required string Key { get; init; }

    /// <summary>Value projection.</summary>
    public required string Value { get; init; }

    /// <summary>Output projection of attention.</summary>
    public required string Output { get; init; }

    /// <summary>Norm after attention.</summary>
    public required string AttentionNorm { get; init; }

    /// <summary>Projection into the MLP.</summary>
    public required string Up { get; init; }

    /// <summary>Projection out of the MLP.</summary>
    public required string Down { get; init; }

    /// <summary>Norm after the MLP.</summary>
    public required string MlpNorm { get; init; }

    /// <summary>Key projection of positions, where they have their own.</summary>
    public string? PositionKey { get; init; }

    /// <summary>Query projection of positions, where they have their own.</summary>
    public string? PositionQuery { get; init; }
}

/// <summary>Names of a masked-token head: dense, norm, then the embedding (or an output matrix of its own) and a bias for each token.</summary>
/// <param name="Dense">The layer in front.</param>
/// <param name="Norm">The norm after it.</param>
/// <param name="Output">The output matrix, used where it is not tied.</param>
/// <param name="Bias">The full name of the bias.</param>
internal sealed record MaskedHeadNames(string Dense, string Norm, string Output, string Bias);

/// <summary>Names of a classification head on the first token: dense, a non-linearity, then one output for each label.</summary>
/// <param name="Dense">The first layer; <c>{prefix}</c> stands for the encoder's prefix.</param>
/// <param name="Output">The second.</param>
internal sealed record ClassifierNames(string Dense, string Output);

/// <summary>Names of an encoder's modules in a file.</summary>
internal sealed record EncoderNames
{
    /// <summary>What stands in front of every name but the heads', or is absent (<c>bert.</c>).</summary>
    public required string OptionalPrefix { get; init; }

    /// <summary>Token embedding.</summary>
    public required string Embedding { get; init; }

    /// <summary>Learned positions.</summary>
    public string? Positions { get; init; }

    /// <summary>Vectors of the token types.</summary>
    public string? TokenTypes { get; init; }

    /// <summary>Projection of embeddings that are narrower than the model.</summary>
    public string? EmbeddingProjection { get; init; }

    /// <summary>Norm of the embeddings.</summary>
    public required string EmbeddingNorm { get; init; }

    /// <summary>The table of relative positions.</summary>
    public string? RelativePositions { get; init; }

    /// <summary>Norm of the relative positions.</summary>
    public string? RelativeNorm { get; init; }

    /// <summary>The convolution beside the first block.</summary>
    public string? Convolution { get; init; }

    /// <summary>Norm after the convolution.</summary>
    public string? ConvolutionNorm { get; init; }

    /// <summary>The blocks.</summary>
    public required EncoderBlockNames Block { get; init; }

    /// <summary>The layer whose tanh of the first token the family calls the pooler's output; null when it has none.</summary>
    public string? Pooler { get; init; }

    /// <summary>The masked-token head, under each name that it has had.</summary>
    public required IReadOnlyList<MaskedHeadNames> MaskedHeads { get; init; }

    /// <summary>The classification head.</summary>
    public required ClassifierNames Classifier { get; init; }

    /// <summary>How the names of heads begin, so that a file with a head that is not asked for can be opened.</summary>
    public required IReadOnlyList<string> Heads { get; init; }
}

/// <summary>A family of encoders is a table: configuration keys and weight names in the encoder's own terms. Adding one is one file.</summary>
internal abstract class EncoderFamily
{
    /// <summary>All families, by name.</summary>
    public static IReadOnlyList<EncoderFamily> All { get; } =
    [
        .. FamilyTypes.Made<EncoderFamily>(typeof(EncoderFamily).Namespace + ".Families").OrderBy(f => f.ModelTypes[0], StringComparer.Ordinal),
    ];

    /// <summary>The values of <c>model_type</c> in config.json that mean this family, its own first.</summary>
    public abstract IReadOnlyList<string> ModelTypes { get; }

    /// <summary>Names in safetensors files.</summary>
    public abstract EncoderNames Names { get; }

    /// <summary>Reads config.json.</summary>
    public abstract EncoderConfig Read(ConfigReader config);

    /// <summary>The family of a <c>model_type</c>; null when it is no encoder that is known.</summary>
    public static EncoderFamily? Find(string modelType) => All.FirstOrDefault(f => f.ModelTypes.Contains(modelType));

    /// <summary>Every <c>model_type</c> that is known.</summary>
    public static string Known => string.Join(", ", All.SelectMany(f => f.ModelTypes));

    /// <summary>Fills in what configurations of all families say with the same keys: the labels and what they mean, whether the head is tied.</summary>
    protected static EncoderConfig WithCommon(EncoderConfig facts, ConfigReader config)
    {
        var labels = ScoringConfig.LabelsOf(config);
        return facts with
        {
            TiedHead = config.Flag("tie_word_embeddings", true),
            Labels = labels,
            Problem = config.Text("problem_type") switch
            {
                null => labels.Count == 1 ? ClassificationProblem.Regression : ClassificationProblem.SingleLabel,
                "regression" => ClassificationProblem.Regression,
                "single_label_classification" => ClassificationProblem.SingleLabel,
                "multi_label_classification" => ClassificationProblem.MultiLabel,
                var other => throw new AlidadeException($"{config.Where}: 'problem_type' is \"{other}\", it must be regression, single_label_classification or multi_label_classification"),
            },
        };
    }

    /// <summary>The size of one head, which must divide the width.</summary>
    protected static int HeadDim(int width, int heads, string where) => width % heads == 0 ? width / heads
        : throw new AlidadeException($"{where}: a width of {width} cannot be shared by {heads} heads");
}
