using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Models.Hooks;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Encoders;

/// <summary>Laws that hold for every family: padding changes nothing, both paths are equal, gradients are those of the loss, nothing leaks.</summary>
public sealed class EncoderModelTests
{
    private readonly SeededRandom random = new(5);

    public static TheoryData<string> Kinds() => [.. TinyEncoder.Configs.Keys];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Padding_does_not_change_a_row(string kind)
    {
        using var folder = new TemporaryFolder();
        using var model = EncoderModel.Load(TinyEncoder.Write(folder.Path, kind));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        IReadOnlyList<int>[] rows = [Ids(13), Ids(1), Ids(4), Ids(9)];
        using var together = EncoderBatch.Of(rows);
        var hidden = model.Hidden(together);
        for (var row = 0; row < rows.Length; row++)
        {
            using var alone = EncoderBatch.Of([rows[row]]);
            Close(model.Hidden(alone)[0], hidden[row].narrow(0, 0, rows[row].Count));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void With_a_hook_the_hidden_states_are_the_same_and_a_replaced_one_goes_on(string kind)
    {
        using var folder = new TemporaryFolder();
        using var model = EncoderModel.Load(TinyEncoder.Write(folder.Path, kind));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var batch = EncoderBatch.Of([Ids(11), Ids(6)]);
        var plain = model.Hidden(batch).masked_fill(batch.Real!.logical_not().unsqueeze(-1), 0);
        Tensor? hooked = null;
        using (var cache = ActivationCache.Record(model.Hooks, ["*"], () => hooked = model.Hidden(batch)))
        {
            Assert.Equal(model.Hooks.Names, cache.Names);
            Close(plain, hooked!.masked_fill(batch.Real!.logical_not().unsqueeze(-1), 0));
        }

        using (model.Hooks.Add("blocks.1.hook_normalized_resid_post", (x, _) => x * 2))
            Close(plain * 2, model.Hidden(batch).masked_fill(batch.Real!.logical_not().unsqueeze(-1), 0));
    }

    [Fact]
    public void The_convolution_sees_the_neighbours_of_each_token_and_nothing_beyond_the_row()
    {
        using var folder = new TemporaryFolder();
        using var model = EncoderModel.Load(TinyEncoder.Write(folder.Path, "deberta-v2-xlarge"));
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var batch = EncoderBatch.Of([Ids(6)]);
        using var cache = ActivationCache.Record(model.Hooks, ["blocks.0.*"], () => model.Hidden(batch).Dispose());
        float[,] Rows(Tensor t)
        {
            var rows = new float[6, 8];
            for (var i = 0; i < 48; i++)
                rows[i / 8, i % 8] = t.reshape(6, 8)[i / 8, i % 8].item<float>();
            return rows;
        }

        float[] Weight(string name) => [.. DecoderGoldenTests.Values(model.Parameters[name]).Select(v => (float)v)];
        var (input, output) = (Rows(cache["blocks.0.hook_resid_pre"]), Rows(cache["blocks.0.hook_normalized_resid_post"]));
        var (kernel, bias) = (Weight("encoder.conv.conv.weight"), Weight("encoder.conv.conv.bias"));
        var (normGain, normShift) = (Weight("encoder.conv.LayerNorm.weight"), Weight("encoder.conv.LayerNorm.bias"));
        var block = Rows(cache["blocks.0.ln2.hook_normalized"]);
        var (gain, shift) = (Weight("encoder.layer.0.output.LayerNorm.weight"), Weight("encoder.layer.0.output.LayerNorm.bias"));
        for (var t = 0; t < 6; t++)
        {
            // y_t = norm(block_t + gelu(Σ_s W_s x_{t+s−1} + b)), W stored as [out, in, s].
            var sum = new double[8];
            for (var o = 0; o < 8; o++)
            {
                double z = bias[o];
                for (var s = 0; s < 3; s++)
                    for (var i = 0; i < 8 && t + s - 1 is >= 0 and < 6; i++)
                        z += kernel[(((o * 8) + i) * 3) + s] * input[t + s - 1, i];
                sum[o] = (block[t, o] * gain[o]) + shift[o] + (0.5 * z * (1 + MathNet.Numerics.SpecialFunctions.Erf(z / Math.Sqrt(2))));
            }

            var (mean, variance) = (sum.Average(), sum.Select(v => (v - sum.Average()) * (v - sum.Average())).Average());
            for (var o = 0; o < 8; o++)
                Assert.Equal(((sum[o] - mean) / Math.Sqrt(variance + 1e-7) * normGain[o]) + normShift[o], output[t, o], 1e-5);
        }
    }

    [Fact]
    public void Position_buckets_are_exact_near_and_logarithmic_far_and_turn_with_the_sign()
    {
        var attention = new DisentangledAttention(new() { Buckets = 8, MaxDistance = 32, ContentToPosition = true, PositionToContent = true, SharesProjections = true, NormalizesPositions = false }, zeros(16, 4), null);
        using var scope = NewDisposeScope();
        var rows = attention.Rows(40, CPU);

        // By hand: m = 4, bucket(d) = 4 + ⌈3·ln(d/4)/ln(31/4)⌉ from d = 5 on; the table's middle is 8, and what lies beyond its ends is the end.
        long Row(int distance) => distance >= 0 ? rows[distance, 0].item<long>() : rows[0, -distance].item<long>();
        foreach (var distance in Enumerable.Range(0, 40))
        {
            var bucket = distance <= 4 ? distance : 4 + (int)Math.Ceiling(3 * Math.Log(distance / 4.0) / Math.Log(31 / 4.0));
            Assert.Equal(Math.Min(8 + bucket, 15), Row(distance));
            Assert.Equal(Math.Max(8 - bucket, 0), Row(-distance));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void The_gradient_is_that_of_central_differences(string kind)
    {
        using var folder = new TemporaryFolder();
        using var model = MaskedLM.Load(TinyEncoder.Write(folder.Path, kind, "ForMaskedLM"), new() { DType = ScalarType.Float64 });
        using var scope = NewDisposeScope();
        using var batch = EncoderBatch.Of([Ids(9), Ids(5)]);
        MaskedTarget[] targets = [new(0, 2, 7), new(0, 8, 1), new(1, 4, 30)];
        foreach (var parameter in model.Encoder.Parameters.Values)
            parameter.requires_grad_(true);
        model.LogProbs(batch, targets).sum().backward();
        foreach (var parameter in model.Encoder.Parameters.Values)
        {
            using var inner = NewDisposeScope();
            using var noGrad = no_grad();
            var direction = tensor(Enumerable.Range(0, (int)parameter.numel()).Select(_ => random.NextNormal()).ToArray(), parameter.shape);
            double Along(double step)
            {
                parameter.add_(direction * step);
                var value = model.LogProbs(batch, targets).sum().item<double>();
                parameter.sub_(direction * step);
                return value;
            }

            var numeric = (Along(1e-5) - Along(-1e-5)) / 2e-5;
            Assert.InRange((parameter.grad! * direction).sum().item<double>() - numeric, -1e-6 * (1 + Math.Abs(numeric)), 1e-6 * (1 + Math.Abs(numeric)));
        }
    }

    [Theory]
    [MemberData(nameof(Kinds))]
    public void A_forward_pass_leaves_no_tensor(string kind)
    {
        using var folder = new TemporaryFolder();
        using var thread = new Training.Trainers.OneThread();
        using var model = SequenceClassifier.Load(TinyEncoder.Write(folder.Path, kind, "ForSequenceClassification"));
        void Run()
        {
            using var noGrad = no_grad();
            using var batch = EncoderBatch.Of([Ids(7), Ids(3)]);
            model.Logits(batch).Dispose();
            using var cache = ActivationCache.Record(model.Encoder.Hooks, ["*"], () => model.Logits(batch).Dispose());
            using var fault = model.Encoder.Hooks.Add("blocks.1.attn.hook_z", (_, _) => throw new InvalidDataException("on purpose"));
            Assert.Throws<InvalidDataException>(() => model.Logits(batch));
        }

        Run();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 20; i++)
            Run();
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Loading_leaves_only_the_parameters_also_when_it_fails(bool whole)
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "bert", whole ? "ForMaskedLM" : "Model");
        var before = LiveTensors.Settled();
        if (whole)
        {
            using var model = MaskedLM.Load(folder.Path);
            Assert.Equal(before + model.Encoder.Parameters.Count, Tensor.TotalCount);
        }
        else
        {
            Assert.Throws<AlidadeException>(() => MaskedLM.Load(folder.Path));
        }

        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Old_names_of_norms_position_buffers_and_heads_that_are_not_asked_for_are_accepted()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "bert", "ForMaskedLM");
        using var model = EncoderModel.Load(folder.Path);
        TinyEncoder.Rewrite(folder.Path, t => t with
        {
            Name = t.Name.Replace("LayerNorm.weight", "LayerNorm.gamma", StringComparison.Ordinal).Replace("LayerNorm.bias", "LayerNorm.beta", StringComparison.Ordinal),
        }, new("bert.embeddings.position_ids", [1, 18]), new("cls.seq_relationship.weight", [2, 8]));
        using var old = EncoderModel.Load(folder.Path);
        Assert.Equal(model.Parameters.Keys, old.Parameters.Keys);
        using var batch = EncoderBatch.Of([Ids(5)]);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Close(model.Hidden(batch), old.Hidden(batch));
    }

    [Fact]
    public void The_head_under_its_later_name_gives_the_same()
    {
        using var folder = new TemporaryFolder();
        TinyEncoder.Write(folder.Path, "deberta-v3", "ForMaskedLM");
        using var model = MaskedLM.Load(folder.Path);
        TinyEncoder.Rewrite(folder.Path, t => t with
        {
            Name = t.Name.Replace("cls.predictions.transform.", "lm_predictions.lm_head.", StringComparison.Ordinal).Replace("cls.predictions.", "lm_predictions.lm_head.", StringComparison.Ordinal),
        });
        using var later = MaskedLM.Load(folder.Path);
        using var batch = EncoderBatch.Of([Ids(5)]);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Close(model.Logits(batch), later.Logits(batch));
    }

    private int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => 3 + random.NextInt(37))];

    private static void Close(Tensor expected, Tensor actual)
    {
        var (e, a) = (DecoderGoldenTests.Values(expected), DecoderGoldenTests.Values(actual));
        Assert.Equal(e.Length, a.Length);
        for (var i = 0; i < e.Length; i++)
            Assert.InRange(a[i] - e[i], -2e-5, 2e-5);
    }
}
