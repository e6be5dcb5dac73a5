namespace Alidade.Models.Architecture;

/// <summary>How a layer's input is normalised.</summary>
public enum NormKind
{
    /// <summary>x / √(mean x² + ε) · g (Zhang and Sennrich 2019).</summary>
    Rms,

    /// <summary>(x − mean x) / √(var x + ε) · g + b, population variance (Ba et al. 2016).</summary>
    Layer,
}

/// <summary>What a norm learned.</summary>
public enum NormWeights
{
    /// <summary>A gain, and under LayerNorm a shift.</summary>
    All,

    /// <summary>A gain alone.</summary>
    Gain,

    /// <summary>Nothing.</summary>
    None,
}

/// <summary>The norms of a block.</summary>
[Flags]
public enum BlockNorms
{
    /// <summary>No norm.</summary>
    None = 0,

    /// <summary>On what attention reads.</summary>
    BeforeAttention = 1,

    /// <summary>On what attention adds to the residual stream.</summary>
    AfterAttention = 2,

    /// <summary>On what the MLP reads. A parallel MLP without one reads what attention reads.</summary>
    BeforeMlp = 4,

    /// <summary>On what the MLP adds to the residual stream.</summary>
    AfterMlp = 8,
}

/// <summary>How queries and keys are normalised, before they are turned.</summary>
public enum QueryKeyNorm
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>Head by head, with one gain for all heads.</summary>
    PerHead,

    /// <summary>Head by head, each with a gain of its own.</summary>
    PerHeadOwnGain,

    /// <summary>All heads together.</summary>
    AllHeads,
}

/// <summary>How the rows of a fused query, key and value projection are ordered.</summary>
public enum FusedLayout
{
    /// <summary>All queries, then all keys, then all values.</summary>
    Blocks,

    /// <summary>For each key head: its queries, its key, its value.</summary>
    ByKeyHead,
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
