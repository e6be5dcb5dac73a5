using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Training.Data;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Trainers;

/// <summary>A model of a few thousand weights and rows of random tokens for it.</summary>
internal static class Tiny
{
    private const int Vocabulary = 29;

    public static CausalLM Model(ulong seed = 3, int layers = 2, int context = 64) => CausalLM.Create(new()
    {
        Family = "llama",
        VocabularySize = Vocabulary,
        Width = 16,
        Layers = layers,
        Heads = 2,
        KeyValueHeads = 1,
        HeadDim = 8,
        MlpWidth = 24,
        ContextLength = context,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Activation = Activation.Silu,
        GatedMlp = true,
        Rotary = new() { Dimensions = 8 },
        TiedHead = false,
    }, tokenizer: null, chatTemplate: null, seed);

    public static LoraAdapter Adapter(CausalLM model) => LoraAdapter.Create(model, "policy", new() { Rank = 2, Dora = true, Targets = ["q_proj", "v_proj", "down_proj"], SavedModules = ["model.norm"] }, seed: 5);

    public static TokenRows<DemonstrationTokens> Demonstrations(int count, ulong seed = 7)
    {
        var random = new SeededRandom(seed);
        return Rows(count, i =>
        {
            var ids = Ids(random, 4 + random.NextInt(6));
            return new DemonstrationTokens($"row {i}", ids, [.. ids.Select((_, p) => p >= 2)]);
        });
    }

    public static TokenRows<PairTokens> Pairs(int count, ulong seed = 11)
    {
        var random = new SeededRandom(seed);
        return Rows(count, i => new PairTokens($"pair {i}", Ids(random, 3 + random.NextInt(4)), Ids(random, 2 + random.NextInt(5)), Ids(random, 1 + random.NextInt(5))));
    }

    /// <summary>Single answers, every other one wanted; each has the mismatched answer of its neighbour in a micro-batch of two, the last of an odd number none.</summary>
    public static TokenRows<UnpairedTokens> Answers(int count, ulong seed = 13)
    {
        var random = new SeededRandom(seed);
        var rows = Enumerable.Range(0, count).Select(i => new UnpairedTokens($"answer {i}", Ids(random, 3 + random.NextInt(4)), Ids(random, 1 + random.NextInt(5)), i % 2 == 0)).ToArray();
        return Rows(count, i => rows[i] with { Mismatched = (i ^ 1) < count ? rows[i ^ 1].Answer : null });
    }

    /// <summary>Ranked lists of two to four answers.</summary>
    public static TokenRows<RankedTokens> Lists(int count, ulong seed = 19)
    {
        var random = new SeededRandom(seed);
        return Rows(count, i =>
        {
            var answers = 2 + (i % 3);
            return new RankedTokens($"list {i}", Ids(random, 3 + random.NextInt(4)), [.. Enumerable.Range(0, answers).Select(_ => Ids(random, 1 + random.NextInt(5)))], [.. Enumerable.Range(0, answers).Select(k => 1.5 - k)]);
        });
    }

    public static TrainingOptions Options(int updates = 12) => new()
    {
        BatchRows = 2,
        Accumulation = 2,
        MaxUpdates = updates,
        Schedule = new() { LearningRate = 5e-3, Warmup = 2 },
        AdamW = new() { WeightDecay = 0.01 },
        Seed = 17,
    };

    /// <summary>The bits of every trained weight.</summary>
    public static string Bits(CausalLM model, LoraAdapter? adapter) => string.Join('\n', Trained.WeightsOf(model, adapter).Select(w => $"{w.Name} {Convert.ToHexString(w.Value.detach().contiguous().bytes)}"));

    private static TokenRows<T> Rows<T>(int count, Func<int, T> make) => new([.. Enumerable.Range(0, count).Select(make)], new Dictionary<string, int>(), 0);

    private static int[] Ids(SeededRandom random, int length) => [.. Enumerable.Range(0, length).Select(_ => random.NextInt(Vocabulary))];
}
