using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Hooks;

public sealed class ModelHooksTests : IDisposable
{
    private static readonly int[] Ids = [3, 1, 4, 1, 5, 9, 2, 6];

    private readonly DisposeScope scope = NewDisposeScope();
    private readonly CausalLM model = Model(TinyDecoders.Layered);
    private readonly TokenGrid grid = TokenGrid.Of(Ids);

    public void Dispose()
    {
        grid.Dispose();
        model.Dispose();
        scope.Dispose();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Every_hook_point_fires_once_with_its_activation_and_changes_nothing(bool grouped)
    {
        using var other = Model(grouped ? TinyDecoders.Grouped : TinyDecoders.Layered);
        using var noGrad = no_grad();
        var plain = other.Logits(grid);
        var met = new List<string>();
        using var hook = other.Hooks.Add("*", (_, name) =>
        {
            met.Add(name);
            return null;
        });

        var hooked = other.Logits(grid);

        Assert.Equal(other.Hooks.Names.Order(), met.Order());
        Assert.True((plain - hooked).abs().max().item<float>() < 1e-5);
    }

    [Theory]
    [InlineData("hook_q_input", false)]
    [InlineData("hook_k_input", false)]
    [InlineData("hook_v_input", false)]
    [InlineData("hook_attn_in", false)]
    [InlineData("hook_q_input", true)]
    [InlineData("hook_k_input", true)]
    [InlineData("hook_v_input", true)]
    public void A_head_whose_input_is_replaced_by_itself_computes_the_same(string point, bool grouped)
    {
        using var other = Model(grouped ? TinyDecoders.Grouped : TinyDecoders.Layered);
        using var noGrad = no_grad();
        var plain = other.Logits(grid);
        using var hook = other.Hooks.Add("blocks.*." + point, (value, _) => value.clone());

        Assert.True((plain - other.Logits(grid)).abs().max().item<float>() < 1e-5);
    }

    [Theory]
    [InlineData("hook_q_input", "attn.hook_q")]
    [InlineData("hook_k_input", "attn.hook_k")]
    [InlineData("hook_v_input", "attn.hook_v")]
    public void Replacing_the_input_of_one_head_changes_that_head_alone(string input, string output)
    {
        using var other = Model(TinyDecoders.Grouped);
        using var noGrad = no_grad();
        using var before = ActivationCache.Record(other.Hooks, ["blocks.1." + output], () => other.Logits(grid));
        using var hook = other.Hooks.Add("blocks.1." + input, (value, _) =>
        {
            var changed = value.clone();
            changed.select(2, 1).zero_();
            return changed;
        });

        using var after = ActivationCache.Record(other.Hooks, ["blocks.1." + output], () => other.Logits(grid));

        var difference = (after["blocks.1." + output] - before["blocks.1." + output]).abs().amax([0, 1, 3]);
        Assert.True(difference[1].item<float>() > 0);
        Assert.True(difference.sum().item<float>() - difference[1].item<float>() < 1e-5);
    }

    [Fact]
    public void A_replacement_goes_on_through_the_pass()
    {
        using var noGrad = no_grad();
        Tensor? last = null;
        using (model.Hooks.Add("blocks.0.hook_resid_post", (value, _) => zeros_like(value)))
            last = model.Logits(grid);

        using var again = model.Hooks.Add("blocks.1.hook_resid_pre", (value, _) => zeros_like(value));

        Assert.True((last - model.Logits(grid)).abs().max().item<float>() < 1e-6);
        Assert.Equal(0, (last.select(1, 0) - last.select(1, 5)).abs().max().item<float>(), 1e-5);
    }

    [Fact]
    public void A_hook_that_throws_leaves_no_hook_behind_and_the_next_pass_is_as_before()
    {
        using var noGrad = no_grad();
        var plain = model.Logits(grid);

        var thrown = Assert.Throws<InvalidOperationException>(() => ActivationCache.Record(model.Hooks, ["*"], () =>
        {
            using var failing = model.Hooks.Add("blocks.1.hook_mlp_out", (_, _) => throw new InvalidOperationException("mine"));
            model.Logits(grid);
        }));

        Assert.Equal("mine", thrown.Message);
        Assert.False(model.Hooks.Any);
        Assert.True(plain.Equals(model.Logits(grid)) || (plain - model.Logits(grid)).abs().max().item<float>() == 0);
    }

    [Fact]
    public void A_replacement_of_another_shape_is_refused_with_the_point_and_both_shapes()
    {
        using var noGrad = no_grad();
        using var hook = model.Hooks.Add("blocks.0.hook_mlp_out", (value, _) => value.narrow(1, 0, 2));

        var error = Assert.Throws<AlidadeException>(() => model.Logits(grid));

        Assert.Equal("a hook at 'blocks.0.hook_mlp_out' returned shape [1, 2, 16], it must be [1, 8, 16]", error.Message);
    }

    [Fact]
    public void Gradients_at_hook_points_equal_finite_differences()
    {
        // The loss along a direction d at the point: (loss(a + εd) − loss(a − εd)) / 2ε.
        foreach (var point in new[] { "hook_embed", "blocks.0.hook_resid_pre", "blocks.0.hook_v_input", "blocks.1.attn.hook_z", "blocks.1.attn.hook_pattern", "blocks.1.mlp.hook_post", "ln_final.hook_scale" })
        {
            using var inner = NewDisposeScope();
            var (activations, gradients) = ActivationCache.RecordWithGradients(model.Hooks, [point], Loss);
            using (activations)
            using (gradients)
            {
                var direction = randn(activations[point].shape, generator: new Generator(5));
                var slope = (gradients[point] * direction).sum().item<float>();
                double At(double step)
                {
                    using var noGrad = no_grad();
                    using var hook = model.Hooks.Add(point, (value, _) => value + (direction * step));
                    return Loss().item<float>();
                }

                Assert.True(Math.Abs((At(1e-3) - At(-1e-3)) / 2e-3 - slope) < 5e-3 * (1 + Math.Abs(slope)), $"{point}: {slope} against {(At(1e-3) - At(-1e-3)) / 2e-3}");
            }
        }
    }

    [Fact]
    public void A_gradient_hook_changes_what_flows_to_the_points_before_it_alone()
    {
        string[] points = ["blocks.0.hook_resid_pre", "blocks.1.hook_resid_post"];
        var (a, plain) = ActivationCache.RecordWithGradients(model.Hooks, points, Loss);
        using var stop = model.Hooks.AddGradient("blocks.1.hook_resid_pre", (gradient, _) => zeros_like(gradient));

        var (b, stopped) = ActivationCache.RecordWithGradients(model.Hooks, points, Loss);

        Assert.True(plain["resid_pre", 0].abs().max().item<float>() > 0);
        Assert.Equal(0, stopped["resid_pre", 0].abs().max().item<float>());
        Assert.Equal(0, (plain["resid_post", -1] - stopped["resid_post", -1]).abs().max().item<float>());
        foreach (var cache in new[] { a, b, plain, stopped })
            cache.Dispose();
    }

    [Fact]
    public void An_exception_of_a_gradient_hook_reaches_the_caller_of_the_backward_pass()
    {
        using var hook = model.Hooks.AddGradient("blocks.0.hook_mlp_out", (_, _) => throw new InvalidOperationException("mine"));

        Assert.Equal("mine", Assert.Throws<InvalidOperationException>(() => model.Hooks.Backward(Loss())).Message);
        Assert.Throws<AlidadeException>(() => model.Hooks.Backward(model.Logits(grid)));
    }

    [Fact]
    public void A_backward_pass_needs_a_graph()
    {
        using var noGrad = no_grad();

        var error = Assert.Throws<AlidadeException>(() => ActivationCache.RecordWithGradients(model.Hooks, ["hook_embed"], Loss));

        Assert.StartsWith("the loss has no gradient", error.Message, StringComparison.Ordinal);
        Assert.False(model.Hooks.Any);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Hooks_run_while_text_is_generated(bool grouped)
    {
        using var other = Model(grouped ? TinyDecoders.Grouped : TinyDecoders.Layered);
        static IReadOnlyList<Generated> Generate(CausalLM model) =>
            TextGenerator.Generate(model, [Ids, Ids[..3]], new() { MaxNewTokens = 5, IgnoreEndTokens = true }, cancellation: TestContext.Current.CancellationToken);
        var plain = Generate(other);
        var widths = new List<long>();
        using (other.Hooks.Add("blocks.1.attn.hook_pattern", (value, _) =>
        {
            widths.Add(value.size(3));
            return null;
        }))
            Assert.Equal(plain.SelectMany(g => g.Ids), Generate(other).SelectMany(g => g.Ids));
        // The prompts, and then a token at a time, the shorter prompt padded.
        Assert.Equal([3L, 8, 9, 10, 11, 12], widths.Order());

        var head = other.Parameters.Values.Last(p => p.size(0) == other.Config.VocabularySize);
        // A push along one token's own direction makes the model say that token, at every step.
        using var steer = other.Hooks.Add("ln_final.hook_normalized", (value, _) => value + (head[7] * 1000));
        Assert.All(Generate(other), g => Assert.Equal([7, 7, 7, 7, 7], g.Ids));
    }

    [Fact]
    public void Short_names_find_one_point_or_say_which_there_are()
    {
        Assert.Equal("blocks.1.hook_resid_post", model.Hooks.NameOf("resid_post", -1));
        Assert.Equal("blocks.0.attn.hook_pattern", model.Hooks.NameOf("pattern", 0));
        Assert.Equal("blocks.0.ln2.hook_scale", model.Hooks.NameOf("ln2.scale", 0));
        Assert.Equal("blocks.0.attn.hook_q", model.Hooks.NameOf("q", 0));
        Assert.Equal("'scale' may be ln1.scale or ln2.scale; say which", Assert.Throws<AlidadeException>(() => model.Hooks.NameOf("scale", 0)).Message);
        Assert.Equal("there is no block 2; the model has 2", Assert.Throws<AlidadeException>(() => model.Hooks.NameOf("q", 2)).Message);
        Assert.Contains("no hook point of a block is called 'residual'", Assert.Throws<AlidadeException>(() => model.Hooks.NameOf("residual", 0)).Message, StringComparison.Ordinal);
    }

    private static CausalLM Model(DecoderConfig config)
    {
        var made = CausalLM.Create(config, null, null, seed: 4);
        using var noGrad = no_grad();
        foreach (var weight in made.Parameters.Values)
            weight.mul_(6);
        return made;
    }

    private Tensor Loss() => -model.Logits(grid).log_softmax(-1).narrow(2, 7, 1).mean();
}
