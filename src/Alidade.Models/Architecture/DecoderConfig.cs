using Alidade.Models.Attention;

namespace Alidade.Models.Architecture;

/// <summary>
/// Everything the decoder needs to know about an architecture. It branches on these facts and never on a family's name.
/// </summary>
public sealed record DecoderConfig
{
    /// <summary>The <c>model_type</c> of the family's table, for people and for saving.</summary>
    public required string Family { get; init; }

    /// <summary>Rows of the embedding.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Size of the residual stream.</summary>
    public required int Width { get; init; }

    /// <summary>Number of blocks.</summary>
    public required int Layers { get; init; }

    /// <summary>Query heads of a block.</summary>
    public required int Heads { get; init; }

    /// <summary>Key and value heads; a divisor of <see cref="Heads"/>.</summary>
    public required int KeyValueHeads { get; init; }

    /// <summary>Size of one head; it may differ from width / heads.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Hidden size of the MLP.</summary>
    public required int MlpWidth { get; init; }

    /// <summary>Longest sequence the model was made for, in tokens.</summary>
    public required int ContextLength { get; init; }

    /// <summary>Kind of the norms.</summary>
    public required NormKind Norm { get; init; }

    /// <summary>ε of the norms.</summary>
    public required double NormEpsilon { get; init; }

    /// <summary>What the norms learned.</summary>
    public NormWeights NormWeights { get; init; }

    /// <summary>What is added to a stored gain: 1 where the file holds gain − 1.</summary>
    public double NormGainOffset { get; init; }

    /// <summary>Which norms a block has.</summary>
    public BlockNorms BlockNorms { get; init; } = BlockNorms.BeforeAttention | BlockNorms.BeforeMlp;

    /// <summary>True when attention and MLP both read the block's input, x + attention(x) + mlp(x), and do not follow one another.</summary>
    public bool ParallelResidual { get; init; }

    /// <summary>Factor on what attention and MLP add to the residual stream.</summary>
    public double ResidualScale { get; init; } = 1;

    /// <summary>The MLP's non-linearity.</summary>
    public required Activation Activation { get; init; }

    /// <summary>True when the MLP is down(f(gate x) ⊙ up x), false when it is down(f(up x)).</summary>
    public required bool GatedMlp { get; init; }

    /// <summary>Rotary positions; null when the model has none.</summary>
    public RotaryConfig? Rotary { get; init; }

    /// <summary>Rotary positions of the layers with a window, where they differ from <see cref="Rotary"/>.</summary>
    public RotaryConfig? WindowRotary { get; init; }

    /// <summary>For each layer whether it has rotary positions; null for all.</summary>
    public IReadOnlyList<bool>? RotaryLayers { get; init; }

    /// <summary>True when a key's score falls with its distance, by a slope of each head (Press et al. 2022, ALiBi).</summary>
    public bool Alibi { get; init; }

    /// <summary>Rows at the start of the learned positions that belong to no position.</summary>
    public int PositionOffset { get; init; }

    /// <summary>Keys that a query sees, itself included; null for all before it.</summary>
    public int? Window { get; init; }

    /// <summary>For each layer whether <see cref="Window"/> holds there; null for all.</summary>
    public IReadOnlyList<bool>? WindowLayers { get; init; }

    /// <summary>The factor on q·k; null for 1/√(head size).</summary>
    public double? ScoreScale { get; init; }

    /// <summary>c in score ← c·tanh(score / c), before the mask; null for none.</summary>
    public double? ScoreCap { get; init; }

    /// <summary>How queries and keys are normalised.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>Bound on the absolute values of queries, keys and values as they are projected; null for none.</summary>
    public double? QueryKeyValueClip { get; init; }

    /// <summary>Order of the rows of a fused query, key and value projection.</summary>
    public FusedLayout QueryKeyValueLayout { get; init; }

    /// <summary>Factor on the embeddings.</summary>
    public double EmbeddingScale { get; init; } = 1;

    /// <summary>True when the embeddings are normalised.</summary>
    public bool EmbeddingNorm { get; init; }

    /// <summary>True when the output head is the embedding.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>The scoring head of a sequence-classification model; null for a language model.</summary>
    public ScoringConfig? Scoring { get; init; }

    /// <summary>True when the output head has a bias.</summary>
    public bool HeadBias { get; init; }

    /// <summary>Factor on the logits.</summary>
    public double LogitScale { get; init; } = 1;

    /// <summary>c in logit ← c·tanh(logit / c); null for none.</summary>
    public double? LogitCap { get; init; }

    /// <summary>True when the query, key and value projections have a bias.</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>True when attention's output projection has a bias.</summary>
    public bool OutputBias { get; init; }

    /// <summary>True when the MLP's projections have a bias.</summary>
    public bool MlpBias { get; init; }

    /// <summary>The token put in front of a text, where the model wants one.</summary>
    public int? BeginningOfText { get; init; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> EndOfText { get; init; } = [];

    /// <summary>The factor on q·k.</summary>
    public double AttentionScale => ScoreScale ?? 1 / Math.Sqrt(HeadDim);

    /// <summary>How scores are made of q·k.</summary>
    internal ScoreRule Scores => new(ScoreScale, ScoreCap);

    /// <summary>Query heads that share one key head.</summary>
    public int HeadsPerKey => Heads / KeyValueHeads;

    /// <summary>True when the model learned a vector for each position.</summary>
    public bool LearnedPositions => Rotary is null && !Alibi;

    /// <summary>Keys that a query of a layer sees, itself included; null for all before it.</summary>
    public int? WindowOf(int layer) => WindowLayers is { } windowed && !windowed[layer] ? null : Window;

    /// <summary>The rotary positions of a layer; null for none.</summary>
    public RotaryConfig? RotaryOf(int layer) =>
        RotaryLayers is { } turned && !turned[layer] ? null : WindowRotary is { } local && WindowOf(layer) is not null ? local : Rotary;
}
