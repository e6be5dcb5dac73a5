using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Quantized;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Quantized;

/// <summary>Small random models in two forms: matrices packed as Q8_0, and the numbers that those stand for.</summary>
internal static class PackedModels
{
    private static readonly DecoderConfig Plain = new()
    {
        Family = "llama",
        VocabularySize = 96,
        Width = 64,
        Layers = 3,
        Heads = 4,
        KeyValueHeads = 2,
        HeadDim = 16,
        MlpWidth = 96,
        ContextLength = 64,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Activation = Activation.Silu,
        GatedMlp = true,
        Rotary = new() { Dimensions = 16 },
        TiedHead = true,
    };

    /// <summary>Architectures whose facts the decoding step knows, by what they are there for.</summary>
    public static readonly IReadOnlyDictionary<string, DecoderConfig> Known = new Dictionary<string, DecoderConfig>(StringComparer.Ordinal)
    {
        ["plain"] = Plain,
        ["biases, untied head"] = Plain with { Family = "qwen2", QueryKeyValueBias = true, TiedHead = false },
        ["norm of heads"] = Plain with { Family = "qwen3", QueryKeyNorm = QueryKeyNorm.PerHead, HeadDim = 32, Rotary = new() { Dimensions = 32 } },
        ["window, norms after, caps, embedding scale"] = Plain with
        {
            Family = "gemma2",
            Window = 4,
            WindowLayers = [true, false, true],
            ScoreCap = 5,
            LogitCap = 3,
            ScoreScale = 0.2,
            EmbeddingScale = 8,
            NormGainOffset = 1,
            Activation = Activation.GeluTanh,
            BlockNorms = BlockNorms.BeforeAttention | BlockNorms.AfterAttention | BlockNorms.BeforeMlp | BlockNorms.AfterMlp,
        },
        ["parallel, one norm, neighbours, plain MLP"] = Plain with
        {
            Family = "gptj",
            Norm = NormKind.Layer,
            ParallelResidual = true,
            BlockNorms = BlockNorms.BeforeAttention,
            KeyValueHeads = 4,
            GatedMlp = false,
            MlpBias = true,
            Activation = Activation.GeluTanh,
            Rotary = new() { Dimensions = 8, Pairs = RotaryPairs.Neighbours },
            TiedHead = false,
            HeadBias = true,
        },
        ["partial rotary, layer norm"] = Plain with { Family = "stablelm", Norm = NormKind.Layer, Rotary = new() { Dimensions = 4 } },
        ["factors"] = Plain with { Family = "granite", ResidualScale = 0.3, LogitScale = 0.5, ScoreScale = 0.1, EmbeddingScale = 3 },
    };

    /// <summary>Both forms of a model of this architecture.</summary>
    public static (CausalLM Stored, CausalLM Decoded) Of(DecoderConfig config)
    {
        using var made = CausalLM.Create(config, null, null, 5);
        var random = new SeededRandom(6);
        var stored = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        var decoded = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        var packed = new OrderedDictionary<string, PackedMatrix>(StringComparer.Ordinal);
        foreach (var (name, value) in made.Parameters)
        {
            using var scope = NewDisposeScope();
            if (value.dim() == 1)
            {
                var numbers = tensor(Enumerable.Range(0, (int)value.size(0)).Select(_ => (float)random.NextNormal() * 0.2f).ToArray());
                var moved = value + numbers;
                stored.Add(name, moved.clone().DetachFromDisposeScope());
                decoded.Add(name, moved.DetachFromDisposeScope());
                continue;
            }

            var table = name.Contains("embed", StringComparison.Ordinal) || name.Contains("head", StringComparison.Ordinal) || name.Contains("wte", StringComparison.Ordinal);
            var inputMajor = made.StoresInputMajor && !table;
            var matrix = Pack((inputMajor ? value.t() : value) * 5);
            packed.Add(name, matrix);
            decoded.Add(name, PackedLinear.Decode(matrix, inputMajor).DetachFromDisposeScope());
        }

        return (new(made.Family, config, stored, OptionalTokenizer.None("stored"), null, "stored", packed), new(made.Family, config, decoded, OptionalTokenizer.None("decoded"), null, "decoded"));
    }

    // Q8_0: each block's largest number becomes ±127.
    private static PackedMatrix Pack(Tensor matrix)
    {
        var (rows, columns) = ((int)matrix.size(0), (int)matrix.size(1));
        var values = matrix.contiguous().data<float>().ToArray();
        var blocks = new byte[values.Length / 32 * 34];
        for (var block = 0; block < values.Length / 32; block++)
        {
            var numbers = values.AsSpan(block * 32, 32);
            var scale = (Half)(numbers.ToArray().Max(MathF.Abs) / 127);
            BitConverter.TryWriteBytes(blocks.AsSpan(block * 34), scale);
            for (var i = 0; i < 32; i++)
                blocks[(block * 34) + 2 + i] = (byte)(sbyte)Math.Clamp(MathF.Round(numbers[i] / (float)scale), -127, 127);
        }

        return MadeBlocks.Pack("Q8_0", rows, columns, blocks);
    }
}
