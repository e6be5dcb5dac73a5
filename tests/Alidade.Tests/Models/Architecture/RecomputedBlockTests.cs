using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Tests.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Architecture;

public sealed class RecomputedBlockTests : IDisposable
{
    private static readonly BranchedBatch Batch = BranchedBatch.Of([([3, 1, 4, 1, 5], [[9, 2, 6], [5, 3]]), ([8, 9], [[7, 9, 3]])]);

    private readonly OneThread thread = new();

    public static TheoryData<bool> Families => [true, false];

    public void Dispose() => thread.Dispose();

    [Theory]
    [MemberData(nameof(Families))]
    public void Gradients_of_weights_are_those_of_kept_activations(bool rotary)
    {
        using var model = Model(rotary);
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        Equal(model, () => model.Parameters.Select(p => (p.Key, p.Value)));
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Gradients_of_an_adapter_over_frozen_weights_are_those_of_kept_activations(bool rotary)
    {
        using var model = Model(rotary);
        using var adapter = Random(model, "policy", 5);
        using var use = model.Use(adapter);
        Equal(model, () => adapter.Parameters);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backward_under_another_adapter_gives_the_gradients_of_that_in_use_at_forward(bool bare)
    {
        using var model = Model(rotary: true);
        using var policy = Random(model, "policy", 5);
        using var critic = Random(model, "critic", 6);
        using var scope = NewDisposeScope();
        var weights = linspace(-1, 1, Batch.ScoredCount);
        float[][] Gradients(bool recomputed)
        {
            model.RecomputesActivations = recomputed;
            Tensor loss;
            using (model.Use(policy))
                loss = (model.LogProbs(Batch) * weights).sum();
            using (model.Use(bare ? null : critic))
            {
                loss.backward();
                Assert.Equal(bare ? null : critic, model.Adapter);
            }

            Assert.All(critic.Parameters, p => Assert.Null(p.Value.grad));
            float[][] found = [.. policy.Parameters.Select(p => p.Value.grad!.data<float>().ToArray())];
            foreach (var (_, value) in policy.Parameters)
                value.grad = null;
            return found;
        }

        foreach (var (expected, actual) in Gradients(false).Zip(Gradients(true)))
            Assert.Equal(expected, actual);
    }

    [Fact]
    public void A_forward_pass_that_fails_leaves_nothing_behind()
    {
        using var model = Model(rotary: true);
        model.RecomputesActivations = true;
        void Fail()
        {
            using var scope = NewDisposeScope();
            using var change = model.ChangeEmbeddings(_ => throw new InvalidOperationException("no"));
            Assert.Throws<InvalidOperationException>(() => model.LogProbs(Batch));
        }

        Fail();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 20; i++)
            Fail();
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Nothing_is_left_behind_by_forward_and_backward()
    {
        using var model = Model(rotary: true);
        model.RecomputesActivations = true;
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        void Step()
        {
            using var scope = NewDisposeScope();
            model.LogProbs(Batch).sum().backward();
        }

        Step();
        var before = LiveTensors.Settled();
        for (var i = 0; i < 50; i++)
            Step();
        Assert.Equal(before, LiveTensors.Settled());
    }

    private static LoraAdapter Random(CausalLM model, string name, ulong seed)
    {
        var adapter = LoraAdapter.Create(model, name, new() { Rank = 2 }, seed);
        using (no_grad())
            foreach (var (_, value) in adapter.Parameters)
                value.copy_(randn_like(value) * 0.1);
        foreach (var (_, value) in adapter.Parameters)
            value.requires_grad_(true);
        return adapter;
    }

    private static CausalLM Model(bool rotary) => CausalLM.Create(rotary ? TinyDecoders.Grouped : TinyDecoders.Layered, tokenizer: null, chatTemplate: null, seed: 2);

    private static void Equal(CausalLM model, Func<IEnumerable<(string Name, Tensor Value)>> trained)
    {
        using var scope = NewDisposeScope();
        var weights = linspace(-1, 1, Batch.ScoredCount);
        float[][] Gradients(bool recomputed)
        {
            model.RecomputesActivations = recomputed;
            foreach (var (_, value) in trained())
                value.grad = null;
            (model.LogProbs(Batch) * weights).sum().backward();
            return [.. trained().Select(t => t.Value.grad!.data<float>().ToArray())];
        }

        var (kept, again) = (Gradients(false), Gradients(true));
        Assert.Contains(kept, g => g.Any(v => v != 0));
        // The same operations in the same order: the same bits.
        foreach (var (expected, actual) in kept.Zip(again))
            Assert.Equal(expected, actual);
    }
}
