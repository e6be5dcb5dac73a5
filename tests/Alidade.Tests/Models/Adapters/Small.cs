using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Adapters;

/// <summary>Models of a few thousand weights with tied heads, and adapters on them as training would leave them.</summary>
internal static class Small
{
    /// <summary>A "llama" without biases, or a "gpt2" with biases, learned positions and weights as [in, out].</summary>
    public static CausalLM Model(string family, int layers = 2, int width = 16)
    {
        var isLlama = family == "llama";
        var model = CausalLM.Create(new()
        {
            Family = family,
            VocabularySize = 29,
            Width = width,
            Layers = layers,
            Heads = 2,
            KeyValueHeads = isLlama ? 1 : 2,
            HeadDim = width / 2,
            MlpWidth = 24,
            ContextLength = 32,
            Norm = isLlama ? NormKind.Rms : NormKind.Layer,
            NormEpsilon = 1e-5,
            Activation = isLlama ? Activation.Silu : Activation.GeluTanh,
            GatedMlp = isLlama,
            Rotary = isLlama ? new() { Dimensions = width / 2 } : null,
            TiedHead = true,
            QueryKeyValueBias = !isLlama,
            OutputBias = !isLlama,
            MlpBias = !isLlama,
        }, tokenizer: null, chatTemplate: null, seed: 7);
        // Far enough from the start that no part is lost in rounding.
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(11, CPU);
        foreach (var value in model.Parameters.Values)
            value.add_(randn(value.shape, generator: generator) * 0.2);
        return model;
    }

    public static LoraAdapter Trained(CausalLM model, LoraOptions options, ulong seed)
    {
        var adapter = LoraAdapter.Create(model, $"adapter {seed}", options, seed);
        Shake(adapter, seed);
        return adapter;
    }

    /// <summary>Moves every trained tensor.</summary>
    public static void Shake(LoraAdapter adapter, ulong seed)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed, CPU);
        foreach (var (_, value) in adapter.Parameters)
            value.add_(randn(value.shape, generator: generator) * 0.2);
    }

    public static float[] Logits(CausalLM model, params IReadOnlyList<int> ids)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var grid = TokenGrid.Of(ids);
        return model.Logits(grid).data<float>().ToArray();
    }

    public static void Close(float[] expected, float[] actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        Assert.InRange(expected.Zip(actual).Max(p => Math.Abs(p.First - p.Second)), 0, tolerance * Math.Max(1, expected.Max(Math.Abs)));
    }
}
