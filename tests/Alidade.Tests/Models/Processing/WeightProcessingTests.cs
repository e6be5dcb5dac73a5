using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Models.Processing;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Processing;

public sealed class WeightProcessingTests
{
    private static readonly int[] Ids = [3, 1, 4, 1, 5, 9, 2, 6];

    public static TheoryData<string> Configurations() => [.. Named.Keys];

    private static readonly Dictionary<string, DecoderConfig> Named = new(StringComparer.Ordinal)
    {
        ["LayerNorm, tied head"] = TinyDecoders.Layered,
        ["LayerNorm, no biases"] = TinyDecoders.Layered with { QueryKeyValueBias = false, OutputBias = false, MlpBias = false },
        ["RMSNorm, grouped keys, biases"] = TinyDecoders.Grouped,
        ["RMSNorm, tied head, no biases"] = TinyDecoders.Grouped with { TiedHead = true, QueryKeyValueBias = false, OutputBias = false, MlpBias = false },
    };

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Log_probabilities_stay_while_logits_are_centred(string configuration)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var model = Model(Named[configuration]);
        using var processed = WeightProcessing.Apply(model);
        using var grid = TokenGrid.Of(Ids);
        var (before, after) = (model.Logits(grid), processed.Logits(grid));
        Assert.InRange(Largest(before.log_softmax(-1) - after.log_softmax(-1)), 0, 1e-5);
        Assert.InRange(Largest(after.mean([-1])), 0, 1e-5);
        Assert.True(Largest(before.mean([-1])) > 1e-2);
    }

    [Fact]
    public void The_branched_engine_adds_the_heads_bias_too()
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var model = Model(TinyDecoders.Layered);
        using var processed = WeightProcessing.Apply(model);
        var batch = BranchedBatch.OfTexts([Ids]);
        Assert.InRange(Largest(model.LogProbs(batch) - processed.LogProbs(batch)), 0, 1e-5);
        using var statistics = processed.LogProbsWithStatistics(batch).Statistics;
        Assert.InRange(Largest(statistics.MeanLogit), 0, 1e-5);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void The_given_model_is_untouched(string configuration)
    {
        using var scope = NewDisposeScope();
        using var model = Model(Named[configuration]);
        var before = model.Parameters.ToDictionary(p => p.Key, p => p.Value.clone());
        using (var processed = WeightProcessing.Apply(model))
            Assert.True(processed.HasProcessedWeights);
        foreach (var (name, value) in model.Parameters)
            Assert.True(value.equal(before[name]).all().item<bool>(), name);
        Assert.False(model.HasProcessedWeights);
    }

    [Theory]
    [MemberData(nameof(Configurations))]
    public void Norms_value_biases_and_what_is_written_hold_nothing_that_can_be_folded(string configuration)
    {
        using var scope = NewDisposeScope();
        using var model = Model(Named[configuration]);
        using var processed = WeightProcessing.Apply(model);
        var weights = Golden.HookedWeights.Of(processed);
        foreach (var (name, weight) in weights)
        {
            if (name.EndsWith(".w", StringComparison.Ordinal))
                Assert.True(Largest(weight - 1) == 0, name);
            if (name.EndsWith("b_V", StringComparison.Ordinal) || name.EndsWith(".b", StringComparison.Ordinal))
                Assert.True(Largest(weight) == 0, name);
            if (name.Split('.')[^1] is "W_E" or "W_pos" or "W_O" or "b_O" or "W_out" or "b_out" && processed.Config.Norm == NormKind.Layer)
                Assert.True(Largest(weight.mean([-1])) < 1e-6, name);
        }
    }

    [Fact]
    public void Adapters_fit_the_weights_as_they_were()
    {
        using var model = Model(TinyDecoders.Layered);
        using var adapter = LoraAdapter.Create(model, "policy", new() { Rank = 2 }, seed: 1);
        using var processed = WeightProcessing.Apply(model);
        Assert.Contains("with processed weights", Assert.Throws<AlidadeException>(() => processed.Use(adapter)).Message, StringComparison.Ordinal);
        using var use = model.Use(adapter);
        Assert.Contains("adapter 'policy' is in use", Assert.Throws<AlidadeException>(() => WeightProcessing.Apply(model)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Saving_is_refused_and_writes_nothing()
    {
        using var model = Model(TinyDecoders.Layered);
        using var processed = WeightProcessing.Apply(model);
        var folder = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        Assert.Contains("bias on its output head", Assert.Throws<AlidadeException>(() => processed.Save(folder)).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder));
    }

    private static CausalLM Model(DecoderConfig config)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(5, CPU);
        var model = CausalLM.Create(config, null, null, seed: 4);
        // Gains and shifts far from 1 and 0.
        foreach (var parameter in model.Parameters.Values)
            parameter.add_(randn(parameter.shape, generator: generator) * 0.3);
        return model;
    }

    private static double Largest(Tensor values) => values.abs().max().item<float>();
}
