using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Attention;
using Alidade.Models.Steps;
using Alidade.Tests.Models.Adapters;
using Alidade.Tests.Models.Quantized;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Steps;

public sealed class FloatStepTests
{
    public static TheoryData<string> Known => [.. PackedModels.Known.Keys];

    [Theory]
    [MemberData(nameof(Known))]
    public void A_step_over_float_weights_is_the_decoders(string architecture)
    {
        using var model = Decoded(architecture);
        // A weight stored as [in, out] is none that the step reads.
        Assert.Equal(architecture.StartsWith("parallel", StringComparison.Ordinal) && model.StoresInputMajor ? 0 : StepDecoder.MostFloatRows, model.Step!.MostRows);
        Assert.InRange(LargestDifference(model, rows: 3), 0, 2e-5);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(16)]
    [InlineData(17)]
    public void Any_number_of_rows_is_run(int rows)
    {
        using var model = Decoded("plain");
        Assert.InRange(LargestDifference(model, rows), 0, 2e-5);
    }

    [Fact]
    public void A_weight_that_is_changed_in_place_is_seen()
    {
        using var model = Decoded("plain");
        using var noGrad = no_grad();
        LargestDifference(model, rows: 2);
        foreach (var weight in model.Parameters.Values)
            weight.mul_(1.25);
        Assert.InRange(LargestDifference(model, rows: 2), 0, 2e-5);
    }

    [Fact]
    public void An_adapter_is_seen_when_it_is_merged_and_goes_the_other_way_beside_the_weights()
    {
        using var model = Decoded("plain");
        using var adapter = Small.Trained(model, new() { Rank = 2 }, 3);
        using var noGrad = no_grad();
        LargestDifference(model, rows: 2);
        using (model.UseMerged(adapter))
        {
            Assert.Equal(StepDecoder.MostFloatRows, model.Step!.MostRows);
            Assert.InRange(LargestDifference(model, rows: 2), 0, 2e-5);
        }

        using (model.Use(adapter))
            Assert.Equal(0, model.Step!.MostRows);
        Assert.InRange(LargestDifference(model, rows: 2), 0, 2e-5);
    }

    [Fact]
    public void A_weight_that_no_span_holds_goes_the_tensor_path()
    {
        // Never written, so that it takes no memory.
        using var large = empty([1L << 29], ScalarType.Float32);
        Assert.False(FloatMemory.TryOf(large, out _));
        Assert.True(FloatMemory.TryOf(null, out _));
    }

    [Theory]
    [InlineData("plain")]
    [InlineData("biases, untied head")]
    [InlineData("parallel, one norm, neighbours, plain MLP")]
    public void Logits_of_a_few_rows_are_those_of_many(string architecture)
    {
        using var model = Decoded(architecture);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var hidden = randn(StepDecoder.MostFloatRows + 1, 1, model.Config.Width);
        var (few, many) = (model.UnembedStep(hidden.narrow(0, 0, StepDecoder.MostFloatRows)), model.Unembed(hidden));
        Assert.Equal(many.shape[1..], few.shape[1..]);
        Assert.InRange((few - many.narrow(0, 0, StepDecoder.MostFloatRows)).abs().max().item<float>(), 0, 1e-4f);
    }

    [Theory]
    [InlineData(1, 7, 5)]
    [InlineData(3, 64, 16)]
    [InlineData(4, 37, 33)]
    [InlineData(9, 100, 17)]
    public unsafe void A_product_is_the_sum_of_its_terms(int rows, int inputs, int outputs)
    {
        var random = new SeededRandom((ulong)rows);
        float[] Numbers(int count) => [.. Enumerable.Range(0, count).Select(_ => (float)random.NextNormal())];
        var (x, w, y) = (Numbers(rows * inputs), Numbers(outputs * inputs), new float[rows * outputs]);
        fixed (float* px = x, pw = w, py = y)
            FloatProduct.Run(pw, inputs, px, rows, py, outputs, 0, outputs);
        for (var row = 0; row < rows; row++)
            for (var output = 0; output < outputs; output++)
            {
                var exact = Enumerable.Range(0, inputs).Sum(i => (double)x[(row * inputs) + i] * w[(output * inputs) + i]);
                Assert.Equal(exact, y[(row * outputs) + output], 1e-4);
            }
    }

    private static CausalLM Decoded(string architecture)
    {
        var (stored, decoded) = PackedModels.Of(PackedModels.Known[architecture]);
        stored.Dispose();
        return decoded;
    }

    // Of six steps after a prompt, relative to the size of a hidden state.
    private static float LargestDifference(CausalLM model, int rows)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        int[] padding = [.. Enumerable.Range(0, rows).Select(r => r * 3 % 5)];
        using var step = new CachedAttention(model.Config, padding, 9, CPU, ScalarType.Float32);
        using var tensors = new CachedAttention(model.Config, padding, 40, CPU, ScalarType.Float32);
        long[] prompt = [.. Enumerable.Range(0, rows * 7).Select(i => (long)(i * 31 % 96))];
        foreach (var cache in new[] { step, tensors })
        {
            model.Next(prompt, 7, cache);
            cache.Advance();
        }

        var largest = 0f;
        for (var token = 0; token < 6; token++)
        {
            long[] ids = [.. Enumerable.Range(0, rows).Select(r => (long)((token * 7) + (r * 11)) % 96)];
            var fast = model.Next(ids, 1, step);
            tensors.Next(1);
            var slow = model.Run(tensor(ids, [rows, 1]), tensors);
            step.Advance();
            tensors.Advance();
            largest = Math.Max(largest, (fast - slow).abs().max().item<float>() / slow.abs().mean().item<float>());
        }

        return largest;
    }
}
