namespace Alidade.Models.Architecture;

/// <summary>How a layer's input is normalised.</summary>
public enum NormKind
{
    /// <summary>x / √(mean x² + ε) · g (Zhang and Sennrich 2019).</summary>
    Rms,

    /// <summary>(x − mean x) / √(var x + ε) · g + b, population variance (Ba et al. 2016).</summary>
    Layer,
}

/// <summary>The non-linearity of the MLP.</summary>
public enum Activation
{
    /// <summary>x · σ(x).</summary>
    Silu,

    /// <summary>½x(1 + tanh(√(2/π)(x + 0.044715x³))): "gelu_new", "gelu_pytorch_tanh".</summary>
    GeluTanh,

    /// <summary>½x(1 + erf(x/√2)).</summary>
    Gelu,

    /// <summary>max(0, x).</summary>
    Relu,

    /// <summary>tanh x.</summary>
    Tanh,
}

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

    /// <summary>Query heads.</summary>
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

    /// <summary>The MLP's non-linearity.</summary>
    public required Activation Activation { get; init; }

    /// <summary>True when the MLP is down(f(gate x) ⊙ up x), false when it is down(f(up x)).</summary>
    public required bool GatedMlp { get; init; }

    /// <summary>Rotary positions; null when the model learned a vector for each position.</summary>
    public RotaryConfig? Rotary { get; init; }

    /// <summary>True when the output head is the embedding.</summary>
    public required bool TiedHead { get; init; }

    /// <summary>The scoring head of a sequence-classification model; null for a language model.</summary>
    public ScoringConfig? Scoring { get; init; }

    /// <summary>True when the output head has a bias.</summary>
    public bool HeadBias { get; init; }

    /// <summary>True when the query, key, value and output projections have a bias.</summary>
    public bool AttentionBias { get; init; }

    /// <summary>True when the MLP's projections have a bias.</summary>
    public bool MlpBias { get; init; }

    /// <summary>The token put in front of a text, where the model wants one.</summary>
    public int? BeginningOfText { get; init; }

    /// <summary>Tokens that end an answer.</summary>
    public IReadOnlyList<int> EndOfText { get; init; } = [];

    /// <summary>The factor on q·k: 1/√(head size).</summary>
    public double AttentionScale => 1 / Math.Sqrt(HeadDim);

    /// <summary>Query heads that share one key head.</summary>
    public int HeadsPerKey => Heads / KeyValueHeads;
}
