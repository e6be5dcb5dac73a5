using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Architecture;

namespace Alidade.Benchmarks;

/// <summary>The 135 M shape with random weights (SmolLM2-135M's: 30 blocks of width 576), and what it needs.</summary>
/// <remarks>
/// Counted are the operations of matrix products alone: a projection 2·in·out for each token forward, as much for the gradient of its input and as much again
/// for that of its weight (not where it is frozen); attention 4·heads·head size for each query–key pair that the causal rule lets through, twice that backward;
/// the head as a projection of the scored tokens. Norms, rotary turns, non-linearities, softmax and the optimiser count nothing.
/// </remarks>
internal static class Shape
{
    private static readonly DecoderConfig Config = new()
    {
        Family = "llama",
        VocabularySize = 49152,
        Width = 576,
        Layers = 30,
        Heads = 9,
        KeyValueHeads = 3,
        HeadDim = 64,
        MlpWidth = 1536,
        ContextLength = 8192,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Activation = Activation.Silu,
        GatedMlp = true,
        Rotary = new() { Dimensions = 64, Theta = 100000 },
        TiedHead = true,
    };

    /// <summary>Throws when a model has not this shape, so that its operations would be counted wrong.</summary>
    public static void Check(DecoderConfig config)
    {
        if ((config.Width, config.Layers, config.Heads, config.KeyValueHeads, config.MlpWidth, config.VocabularySize) != (Config.Width, Config.Layers, Config.Heads, Config.KeyValueHeads, Config.MlpWidth, Config.VocabularySize))
            throw new Alidade.Core.AlidadeException("the operations are counted for SmolLM2-135M's shape; give a file of that model");
    }

    /// <summary>A new model.</summary>
    public static CausalLM Model() => CausalLM.Create(Config, tokenizer: null, chatTemplate: null, seed: 1);

    /// <summary>Random token ids.</summary>
    public static int[] Ids(SeededRandom random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt(Config.VocabularySize))];

    /// <summary>Query–key pairs of a run of tokens after <paramref name="before"/> others: half of its square, and the whole rectangle before it.</summary>
    public static double Pairs(double tokens, double before = 0) => (tokens * tokens / 2) + (tokens * before);

    /// <summary>Forward only.</summary>
    public static double Forward(double tokens, double pairs, double scored) => (tokens * Projections()) + (pairs * Attention) + (scored * Head);

    /// <summary>Forward and backward with every weight trained.</summary>
    public static double Full(double tokens, double pairs, double scored) => 3 * Forward(tokens, pairs, scored);

    /// <summary>Forward and backward with an adapter of this rank on every projection; the weights are frozen.</summary>
    public static double LowRank(double tokens, double pairs, double scored, int rank) =>
        (2 * tokens * Projections()) + (3 * tokens * Factors(rank)) + (3 * pairs * Attention) + (2 * scored * Head);

    private static double Attention => 4.0 * Config.Layers * Config.Heads * Config.HeadDim;

    private static double Head => 2.0 * Config.Width * Config.VocabularySize;

    private static double Projections() => Config.Layers * Linears().Sum(l => 2.0 * l.In * l.Out);

    private static double Factors(int rank) => Config.Layers * Linears().Sum(l => 2.0 * rank * (l.In + l.Out));

    private static (double In, double Out)[] Linears()
    {
        double query = Config.Heads * Config.HeadDim, key = Config.KeyValueHeads * Config.HeadDim;
        return
        [
            (Config.Width, query), (Config.Width, key), (Config.Width, key), (query, Config.Width),
            (Config.Width, Config.MlpWidth), (Config.Width, Config.MlpWidth), (Config.MlpWidth, Config.Width),
        ];
    }
}
