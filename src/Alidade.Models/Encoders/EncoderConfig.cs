using Alidade.Models.Architecture;

namespace Alidade.Models.Encoders;

/// <summary>What a classification head was trained for, and so how its logits are read.</summary>
public enum ClassificationProblem
{
    /// <summary>Each logit is a score as it stands: similarity, reward.</summary>
    Regression,

    /// <summary>One label holds: softmax over the labels.</summary>
    SingleLabel,

    /// <summary>Each label holds or not by itself: a sigmoid for each.</summary>
    MultiLabel,
}

/// <summary>Everything the encoder needs to know about an architecture. It branches on these facts and never on a family's name.</summary>
public sealed record EncoderConfig
{
    /// <summary>The <c>model_type</c> of the family's table, for people.</summary>
    public required string Family { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Size of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Size of an embedding row; where it differs from the width, a projection follows.</summary>
    public required int EmbeddingWidth { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Size of one head.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Hidden size of the MLP.</summary>
    public required int MlpWidth { get; init; }

    /// <summary>Longest sequence the model was made for, in tokens, special ones included.</summary>
    public required int ContextLength { get; init; }

    /// <summary>ε of the layer norms.</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>The MLP's non-linearity.</summary>
    public required Activation Activation { get; init; }

    /// <summary>Rows of the table of learned positions; 0 when there is none.</summary>
    public int Positions { get; init; }

    /// <summary>The row of the first token's position; later ones follow.</summary>
    public int FirstPosition { get; init; }

    /// <summary>Kinds of segments that have a vector of their own; 0 when there are none.</summary>
    public int TokenTypes { get; init; }

    /// <summary>Attention that also sees how far apart two tokens are; null for none.</summary>
    public DisentangledConfig? Disentangled { get; init; }

    /// <summary>A convolution beside the first block; null for none.</summary>
    public ConvolutionConfig? Convolution { get; init; }

    /// <summary>True when the output head over the vocabulary is the embedding.</summary>
    public bool TiedHead { get; init; } = true;

    /// <summary>The non-linearity between the two layers of the classification head.</summary>
    public Activation ClassifierActivation { get; init; } = Activation.Tanh;

    /// <summary>Names of the classification head's outputs, in their order.</summary>
    public IReadOnlyList<string> Labels { get; init; } = [];

    /// <summary>How the classification head's logits are read.</summary>
    public ClassificationProblem Problem { get; init; }
}

/// <summary>The facts of DeBERTa's disentangled attention; see <see cref="DisentangledAttention"/>.</summary>
public sealed record DisentangledConfig
{
    /// <summary>Distances below half of this have a bucket each, larger ones share buckets that widen with the logarithm; 0 for a bucket for each distance.</summary>
    public required int Buckets { get; init; }

    /// <summary>Distances from this one on are one.</summary>
    public required int MaxDistance { get; init; }

    /// <summary>Whether what a token holds attends to where others stand.</summary>
    public required bool ContentToPosition { get; init; }

    /// <summary>Whether where a token stands attends to what others hold.</summary>
    public required bool PositionToContent { get; init; }

    /// <summary>Whether positions go through the projections of the content.</summary>
    public required bool SharesProjections { get; init; }

    /// <summary>Whether the position vectors are layer-normalised.</summary>
    public required bool NormalizesPositions { get; init; }

    /// <summary>Positions in one direction: half of the rows of the table.</summary>
    public int Span => Buckets > 0 ? Buckets : MaxDistance;
}

/// <summary>The facts of the convolution that DeBERTa-v2's largest models have: y₁ ← norm(y₁ + f(conv x₀)), x₀ what enters the first block and y₁ what leaves it.</summary>
/// <param name="Kernel">Tokens that one output sees; odd.</param>
/// <param name="Activation">f.</param>
public sealed record ConvolutionConfig(int Kernel, Activation Activation);
