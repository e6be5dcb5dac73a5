using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Tests.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Architecture;

public sealed class TrainingPassTests : IDisposable
{
    private static readonly BranchedBatch Batch = BranchedBatch.Of([([3, 1, 4, 1, 5], [[9, 2, 6], [5, 3]]), ([8, 9], [[7, 9, 3]])]);

    private readonly OneThread thread = new();

    public static TheoryData<KeptActivations> Less => [KeptActivations.Products, KeptActivations.Inputs];

    public static TheoryData<string> Models => ["many pages", "layered", "grouped", "fused, parallel", "post-norms", "one bias alone"];

    public void Dispose() => thread.Dispose();

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_of_weights_are_those_of_kept_activations(string name)
    {
        using var model = Model(name);
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        Equal(model, () => model.Parameters.Select(p => (p.Key, p.Value)));
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Gradients_of_an_adapter_over_frozen_weights_are_those_of_kept_activations(string name)
    {
        using var model = Model(name);
        foreach (var dora in new[] { false, true })
        {
            using var adapter = Random(model, "policy", 8, dora);
            using var use = model.Use(adapter);
            Equal(model, () => adapter.Parameters);
        }
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("lora_A")]
    [InlineData("lora_B")]
    public void An_adapter_of_some_projections_with_ranks_of_their_own_gets_the_same_gradients(string frozen)
    {
        using var model = Model("grouped");
        using var adapter = Random(model, "policy", 5, options: new()
        {
            Rank = 2,
            Targets = ["q_proj", "v_proj", "up_proj"],
            RankPattern = new Dictionary<string, int> { ["v_proj"] = 3 },
            AlphaPattern = new Dictionary<string, double> { ["v_proj"] = 5 },
        });
        foreach (var (name, value) in adapter.Parameters)
            value.requires_grad_(!name.Contains(frozen, StringComparison.Ordinal));
        Assert.Equal(frozen == "nothing" ? 12 : 6, adapter.Parameters.Count(p => p.Value.requires_grad));
        using var use = model.Use(adapter);
        Equal(model, () => adapter.Parameters.Where(p => p.Value.requires_grad));
        Assert.All(adapter.Parameters.Where(p => !p.Value.requires_grad), p => Assert.Null(p.Value.grad));
    }

    [Fact]
    public void Weights_that_are_trained_in_part_alone_get_the_same_gradients()
    {
        using var model = Model("layered");
        foreach (var (name, parameter) in model.Parameters)
            parameter.requires_grad_(name.Contains("h.1.mlp", StringComparison.Ordinal) && name.EndsWith("bias", StringComparison.Ordinal));
        Equal(model, () => model.Parameters.Where(p => p.Value.requires_grad).Select(p => (p.Key, p.Value)));
        Assert.All(model.Parameters.Values.Where(p => !p.requires_grad), p => Assert.Null(p.grad));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Backward_under_another_adapter_gives_the_gradients_of_that_in_use_at_forward(bool bare)
    {
        using var model = Model("grouped");
        using var policy = Random(model, "policy", 5);
        using var critic = Random(model, "critic", 6);
        using var scope = NewDisposeScope();
        var weights = linspace(-1, 1, Batch.ScoredCount, ScalarType.Float64);
        double[][] Gradients(KeptActivations kept)
        {
            model.KeptActivations = kept;
            Tensor loss;
            using (model.Use(policy))
                loss = (model.LogProbs(Batch) * weights).sum();
            using (model.Use(bare ? null : critic))
            {
                loss.backward();
                Assert.Equal(bare ? null : critic, model.Adapter);
            }

            Assert.All(critic.Parameters, p => Assert.Null(p.Value.grad));
            double[][] found = [.. policy.Parameters.Select(p => p.Value.grad!.data<double>().ToArray())];
            foreach (var (_, value) in policy.Parameters)
                value.grad = null;
            return found;
        }

        var all = Gradients(KeptActivations.All);
        foreach (var kept in Less)
            Close(all, Gradients(kept));
    }

    [Theory]
    [MemberData(nameof(Less))]
    public void A_forward_pass_that_fails_leaves_nothing_behind(KeptActivations kept)
    {
        using var model = Model("grouped");
        model.KeptActivations = kept;
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

    [Theory]
    [MemberData(nameof(Less))]
    public void Nothing_is_left_behind_by_forward_and_backward(KeptActivations kept)
    {
        using var model = Model("grouped");
        model.KeptActivations = kept;
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
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Long_trees_whose_attention_runs_in_tiles_give_the_same_gradients()
    {
        using var model = Model("long");
        var random = new SeededRandom(3);
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => (int)(random.NextUInt64() % (ulong)model.Config.VocabularySize))];
        var batch = BranchedBatch.Of([(Ids(270), [Ids(261), Ids(2)]), (Ids(3), [Ids(300)])]);
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        Equal(model, () => model.Parameters.Select(p => (p.Key, p.Value)), batch);
    }

    private static LoraAdapter Random(CausalLM model, string name, ulong seed, bool dora = false) => Random(model, name, seed, new LoraOptions { Rank = 2, Dora = dora });

    private static LoraAdapter Random(CausalLM model, string name, ulong seed, LoraOptions options)
    {
        var adapter = LoraAdapter.Create(model, name, options, seed);
        // Seeded: under some adapters gradients are so ill-conditioned that rounding alone makes 1e-12 of them.
        random.manual_seed((long)seed);
        using (no_grad())
            foreach (var (_, value) in adapter.Parameters)
                value.add_(randn_like(value) * 0.1);
        foreach (var (_, value) in adapter.Parameters)
            value.requires_grad_(true);
        return adapter;
    }

    // In float64, where what is rounded otherwise is seen apart from what is wrong.
    private static CausalLM Model(string name) => ModelLoader.Create(name switch
    {
        "layered" => TinyDecoders.Layered,
        "grouped" => TinyDecoders.Grouped,
        // So large that memory which passes share, for blocks and for the head's probabilities, is many pages.
        "many pages" => TinyDecoders.Grouped with { VocabularySize = 4000, Width = 128, HeadDim = 32, MlpWidth = 512, Layers = 3, Rotary = new() { Dimensions = 32 } },
        "long" => TinyDecoders.Grouped with { ContextLength = 600 },
        "fused, parallel" => TinyDecoders.Layered with { Family = "gpt_neox", ParallelResidual = true },
        "post-norms" => TinyDecoders.Grouped with { Family = "gemma2" },
        _ => TinyDecoders.Grouped with { OutputBias = false, MlpBias = false },
    }, tokenizer: null, chatTemplate: null, seed: 2, ScalarType.Float64);

    private static void Equal(CausalLM model, Func<IEnumerable<(string Name, Tensor Value)>> trained, BranchedBatch? batch = null)
    {
        using var scope = NewDisposeScope();
        batch ??= Batch;
        var weights = linspace(-1, 1, batch.ScoredCount, ScalarType.Float64);
        double[][] Gradients(KeptActivations kept)
        {
            model.KeptActivations = kept;
            foreach (var (_, value) in trained())
                value.grad = null;
            // Twice, so that gradients add up.
            for (var time = 1; time <= 2; time++)
                (model.LogProbs(batch) * weights * time).sum().backward();
            return [.. trained().Select(t => t.Value.grad!.data<double>().ToArray())];
        }

        var all = Gradients(KeptActivations.All);
        Assert.Contains(all, g => g.Any(v => v != 0));
        var products = Gradients(KeptActivations.Products);
        Close(all, products);
        // The same operations in the same order: the same bits.
        foreach (var (expected, actual) in products.Zip(Gradients(KeptActivations.Inputs)))
            Assert.Equal(expected, actual);
    }

    // Gradients that add up in a product are rounded elsewhere than those that are added afterwards.
    private static void Close(double[][] expected, double[][] actual)
    {
        var scale = expected.Max(g => g.Max(Math.Abs));
        foreach (var (one, other) in expected.Zip(actual, (e, a) => (e, a)))
            Assert.All(one.Zip(other), v => Assert.Equal(v.First, v.Second, 1e-13 * scale));
    }
}
