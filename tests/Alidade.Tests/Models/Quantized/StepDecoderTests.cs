using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Attention;
using Alidade.Models.Batches;
using Alidade.Tests.Models.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Quantized;

public sealed class StepDecoderTests
{
    public static TheoryData<string> Known => [.. PackedModels.Known.Keys];

    // Both ways round the same activations; where a last bit tips one to its neighbour, a product changes by a 254th of its largest term.
    [Theory]
    [MemberData(nameof(Known))]
    public void A_step_without_tensors_is_the_decoders(string architecture)
    {
        var config = PackedModels.Known[architecture];
        var (stored, decoded) = PackedModels.Of(config);
        using (stored)
        using (decoded)
        using (no_grad())
        using (NewDisposeScope())
        {
            Assert.NotNull(stored.Step);
            // Three rows, two of them padded on the left.
            int[] padding = [0, 4, 2];
            using var step = new CachedAttention(config, padding, 9, CPU, ScalarType.Float32);
            using var tensors = new CachedAttention(config, padding, 40, CPU, ScalarType.Float32);
            long[] prompt = [.. Enumerable.Range(0, 3 * 7).Select(i => (long)(i * 31 % 96))];
            foreach (var cache in new[] { step, tensors })
            {
                stored.Next(prompt, 7, cache);
                cache.Advance();
            }

            for (var token = 0; token < 6; token++)
            {
                long[] ids = [token * 7 % 96, (token * 11) + 1, (token * 13) + 2];
                var fast = stored.Next(ids, 1, step);
                tensors.Next(1);
                var slow = stored.Run(tensor(ids, [3, 1]), tensors);
                step.Advance();
                tensors.Advance();
                var size = slow.abs().mean().item<float>();
                Assert.InRange((fast - slow).abs().max().item<float>() / size, 0, 0.03);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Known))]
    public void Weights_as_stored_give_the_decoded_logits_within_rounding(string architecture)
    {
        var (stored, decoded) = PackedModels.Of(PackedModels.Known[architecture]);
        using (stored)
        using (decoded)
        using (no_grad())
        using (NewDisposeScope())
        {
            using var grid = TokenGrid.Of([.. Enumerable.Range(0, 12).Select(i => i * 29 % 96)]);
            var (fast, exact) = (stored.Logits(grid), decoded.Logits(grid));
            Assert.InRange(((fast - exact).abs().max() / exact.std()).item<float>(), 0, 0.1);
            Assert.InRange(((fast - exact).std() / exact.std()).item<float>(), 0, 0.02);
        }
    }

    [Fact]
    public void An_adapter_works_on_weights_as_stored()
    {
        var (stored, decoded) = PackedModels.Of(PackedModels.Known["plain"]);
        using (stored)
        using (decoded)
        using (no_grad())
        using (NewDisposeScope())
        {
            using var adapter = LoraAdapter.Create(decoded, "test", new() { Rank = 4 }, seed: 3);
            foreach (var (_, value) in adapter.Parameters)
                value.add_(0.05);
            using var grid = TokenGrid.Of([1, 2, 3, 4, 5]);
            var plain = decoded.Logits(grid);
            using var first = stored.Use(adapter);
            using var second = decoded.Use(adapter);
            var (fast, exact) = (stored.Logits(grid), decoded.Logits(grid));
            Assert.InRange(((fast - exact).abs().max() / exact.std()).item<float>(), 0, 0.1);
            Assert.True((exact - plain).abs().max().item<float>() > 0.3 * exact.std().item<float>());
        }
    }

    [Fact]
    public void Training_merging_and_saving_weights_as_stored_are_refused_in_one_line()
    {
        var (stored, decoded) = PackedModels.Of(PackedModels.Known["plain"]);
        using var folder = new Core.TemporaryFolder();
        using (stored)
        using (decoded)
        using (NewDisposeScope())
        {
            using var adapter = LoraAdapter.Create(decoded, "test", new() { Rank = 4 }, seed: 3);
            Action[] refused =
            [
                () => _ = stored.Parameters, () => stored.Merge(adapter), () => stored.Save(folder.Path),
                () =>
                {
                    using var use = stored.Use(adapter);
                    stored.LogProbs(BranchedBatch.OfTexts([[1, 2, 3]])).sum().backward();
                },
            ];
            foreach (var action in refused)
            {
                var error = Assert.Throws<AlidadeException>(action);
                Assert.Contains("float32", error.Message, StringComparison.Ordinal);
                Assert.DoesNotContain('\n', error.Message);
            }
        }
    }

    [Fact]
    public void A_sum_of_adapters_on_stored_weights_is_that_on_decoded_ones_and_holds_only_what_changes()
    {
        var (stored, decoded) = PackedModels.Of(PackedModels.Known["plain"]);
        using (stored)
        using (decoded)
        {
            using var lora = Small.Trained(stored, new() { Rank = 2 }, 3);
            using var dora = Small.Trained(stored, new() { Rank = 2, Dora = true, Targets = ["q_proj"], SavedModules = ["model.norm", "down_proj"] }, 5);
            using var sum = AdapterSum.Of(stored, "sum", (lora, 0.5), (dora, -1));
            using var same = AdapterSum.Of(decoded, "sum", (lora, 0.5), (dora, -1));
            Assert.Equal(same.Replacements.Keys, sum.Replacements.Keys);
            Assert.Equal(3 + 3 + 1, sum.Replacements.Count);
            foreach (var (name, value) in same.Replacements)
                Assert.True(value.eq(sum.Replacements[name]).all().item<bool>(), name);
            using var plain = AdapterSum.Of(stored, "plain", (lora, 0.5));
            Assert.Empty(plain.Replacements);
        }
    }

    [Fact]
    public void A_summary_says_how_weights_are_held()
    {
        var (stored, decoded) = PackedModels.Of(PackedModels.Known["plain"]);
        using (stored)
        using (decoded)
        {
            var (a, b) = (ModelSummary.Of(stored), ModelSummary.Of(decoded));
            Assert.Equal(b.Parameters, a.Parameters);
            Assert.Equal(b.Parts, a.Parts);
            Assert.Contains("Q8_0", a.NumberType, StringComparison.Ordinal);
            Assert.True(a.MemoryBytes < b.MemoryBytes / 3);
        }
    }
}
