using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Models.Hooks;
using Alidade.Models.Tokenizers;
using Alidade.Tests.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models;

/// <summary>The number of tensors alive is the same after each call as before it, however the call ends; what the collector would free later counts as lost.</summary>
public sealed class LeakTests : IDisposable
{
    private const int Calls = 1000;
    private static readonly Tokenizer Tokenizer = new ByteLevelBpeTrainer { VocabularySize = 264, SpecialTokens = ["<|end|>"], EndOfText = "<|end|>" }.Train(["the cat sat on the mat"]);

    private readonly OneThread thread = new();
    private readonly SeededRandom random = new(3);
    private readonly CausalLM model = CausalLM.Create(new()
    {
        Family = "llama",
        VocabularySize = Tokenizer.VocabularySize,
        Width = 8,
        Layers = 1,
        Heads = 2,
        KeyValueHeads = 1,
        HeadDim = 4,
        MlpWidth = 8,
        ContextLength = 24,
        Norm = NormKind.Rms,
        NormEpsilon = 1e-5,
        Activation = Activation.Silu,
        GatedMlp = true,
        Rotary = new() { Dimensions = 4 },
        TiedHead = true,
    }, Tokenizer, chatTemplate: null, seed: 1);

    public void Dispose()
    {
        model.Dispose();
        thread.Dispose();
    }

    [Fact]
    public void Greedy_generation_of_ragged_batches_leaves_no_tensor() =>
        Unchanged(Calls, _ => TextGenerator.Generate(model, Prompts(3), new() { MaxNewTokens = 3 }));

    [Fact]
    public void Sampled_generation_of_ragged_batches_leaves_no_tensor() => Unchanged(Calls, call =>
        TextGenerator.Generate(model, Prompts(3), new() { MaxNewTokens = 3, Temperature = 1, TopK = 50, TopP = 0.9, Seed = (ulong)call }));

    [Fact]
    public void Several_samples_of_one_prompt_leave_no_tensor() => Unchanged(Calls, call =>
    {
        var prompt = Prompts(1)[0];
        TextGenerator.Generate(model, [prompt, Prompts(1)[0], prompt], new() { MaxNewTokens = 3, Temperature = 1, Seed = (ulong)call });
    });

    [Fact]
    public void Rows_that_end_at_a_stop_text_one_by_one_leave_no_tensor()
    {
        var stopped = 0;
        Unchanged(Calls, call => stopped += TextGenerator
            .Generate(model, Prompts(3), new() { MaxNewTokens = 4, Temperature = 1, Seed = (ulong)call, Stop = ["a", "e", "t", "A", "E", "T", "1", "2"] })
            .Count(g => g.Reason == StopReason.StopText));
        Assert.InRange(stopped, 1, (3 * Calls) - 1);
    }

    [Fact]
    public void Streams_that_are_cancelled_left_early_or_read_to_the_end_leave_no_tensor()
    {
        var cancelled = 0;
        Unchanged(Calls, call =>
        {
            using var cancellation = new CancellationTokenSource();
            var options = new GenerationOptions { MaxNewTokens = 8, Temperature = 1, Seed = (ulong)call, IgnoreEndTokens = true };
            try
            {
                foreach (var _ in TextGenerator.Stream(model, Prompts(1)[0], options, cancellation: cancellation.Token))
                {
                    if (call % 3 == 0)
                        cancellation.Cancel();
                    else if (call % 3 == 1)
                        break;
                }
            }
            catch (OperationCanceledException)
            {
                cancelled++;
            }
        });
        Assert.True(cancelled > Calls / 6, $"only {cancelled} streams were cancelled");
    }

    [Fact]
    public void A_prompt_that_is_refused_leaves_no_tensor() => Unchanged(100, _ =>
        Assert.Throws<AlidadeException>(() => TextGenerator.Generate(model, [[1, 2], []], new() { MaxNewTokens = 2 }, cancellation: TestContext.Current.CancellationToken)));

    [Fact]
    public void Hooks_that_change_activations_leave_no_tensor() => Unchanged(100, _ =>
    {
        using var grid = TokenGrid.Of(Prompts(1)[0]);
        using var first = model.Hooks.Add("blocks.0.hook_resid_mid", (x, _) => x * 2);
        using var second = model.Hooks.Add("*.attn.*", (x, _) => x + 1);
        model.Logits(grid).Dispose();
    });

    [Fact]
    public void A_hook_that_throws_leaves_no_tensor_and_no_hook()
    {
        string[] points = [.. model.Hooks.Names];
        Unchanged(100, call =>
        {
            using var grid = TokenGrid.Of(Prompts(1)[0]);
            using (model.Hooks.Add(points[call % points.Length], (_, _) => throw new InvalidDataException("on purpose")))
                Assert.Throws<InvalidDataException>(() => model.Logits(grid));
            Assert.False(model.Hooks.Any);
        });
    }

    [Fact]
    public void A_hook_that_returns_the_wrong_shape_leaves_no_tensor() => Unchanged(100, _ =>
    {
        using var grid = TokenGrid.Of(Prompts(1)[0]);
        using var hook = model.Hooks.Add("blocks.0.hook_mlp_out", (x, _) => x.sum());
        Assert.ThrowsAny<Exception>(() => model.Logits(grid));
    });

    [Fact]
    public void A_cache_of_every_activation_leaves_no_tensor_also_when_the_forward_pass_fails() => Unchanged(100, call =>
    {
        using var grid = TokenGrid.Of(Prompts(1)[0]);
        using var fault = call % 2 == 0 ? null : model.Hooks.Add("blocks.0.hook_mlp_out", (_, _) => throw new InvalidDataException("on purpose"));
        void Record()
        {
            using var cache = ActivationCache.Record(model.Hooks, ["*"], () => model.Logits(grid).Dispose());
            Assert.Equal(model.Hooks.Names.Count, cache.Names.Count);
        }

        if (fault is null)
            Record();
        else
            Assert.Throws<InvalidDataException>(Record);
    });

    private static void Unchanged(int calls, Action<int> call)
    {
        for (var warmUp = 0; warmUp < 3; warmUp++)
            call(warmUp);
        var before = LiveTensors.Settled();
        for (var i = 0; i < calls; i++)
        {
            call(i);
            if (Tensor.TotalCount != before)
                Assert.Fail($"call {i} changed the number of tensors from {before} to {Tensor.TotalCount}");
        }
    }

    private IReadOnlyList<int>[] Prompts(int count) =>
        [.. Enumerable.Range(0, count).Select(_ => (IReadOnlyList<int>)[.. Enumerable.Range(0, 1 + random.NextInt(6)).Select(_ => random.NextInt(256))])];
}
