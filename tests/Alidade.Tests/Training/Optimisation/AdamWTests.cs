using Alidade.Core;
using Alidade.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Optimisation;

public sealed class AdamWTests
{
    [Theory]
    [InlineData("model.layers.0.self_attn.q_proj.weight", true)]
    [InlineData("model.embed_tokens.weight", true)]
    [InlineData("lm_head.weight", true)]
    [InlineData("base_model.model.model.layers.0.mlp.down_proj.lora_A.weight", true)]
    [InlineData("transformer.wte.weight", true)]
    [InlineData("model.layers.0.input_layernorm.weight", false)]
    [InlineData("model.norm.weight", false)]
    [InlineData("model.layers.0.self_attn.q_norm.weight", false)]
    [InlineData("transformer.h.0.ln_1.weight", false)]
    [InlineData("transformer.h.0.attn.c_attn.bias", false)]
    public void Norms_and_biases_do_not_decay(string name, bool decays) => Assert.Equal(decays, AdamW.Decays(name));

    [Fact]
    public void A_parameter_without_a_gradient_is_left_alone_and_one_with_a_zero_gradient_decays()
    {
        using var scope = NewDisposeScope();
        Tensor idle = ones(3).requires_grad_(true), still = ones(3).requires_grad_(true);
        still.grad = zeros(3);
        using var optimiser = new AdamW([("idle", idle), ("still", still)], new() { WeightDecay = 0.1 });
        optimiser.Step(0.5);
        Assert.Equal(1f, idle[0].item<float>());
        Assert.Equal(0.95f, still[0].item<float>(), 1e-6f);
    }

    [Fact]
    public void A_kept_state_continues_to_the_same_bits()
    {
        using var scope = NewDisposeScope();
        Tensor one = ones(4).requires_grad_(true), two = ones(4).requires_grad_(true);
        using AdamW first = new([("w", one)]), second = new([("w", two)]);
        void Step(AdamW optimiser, Tensor parameter, float gradient)
        {
            parameter.grad = full(4, gradient);
            optimiser.Step(0.1);
        }

        Step(first, one, 0.3f);
        using (no_grad())
            two.copy_(one);
        second.Load(first.State().ToDictionary(s => s.Name, s => s.Value.clone()));
        Step(first, one, -0.7f);
        Step(second, two, -0.7f);
        Assert.Equal(one.detach().bytes.ToArray(), two.detach().bytes.ToArray());
    }

    [Fact]
    public void A_state_of_another_model_is_refused_by_the_name_of_its_tensor()
    {
        using var scope = NewDisposeScope();
        using AdamW small = new([("w", ones(4))]), large = new([("w", ones(5))]), other = new([("v", ones(4))]);
        foreach (var strange in new[] { large, other })
            Assert.Contains("'w.exp_avg'", Assert.Throws<AlidadeException>(() => small.Load(strange.State().ToDictionary(s => s.Name, s => s.Value))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_schedule_offers_the_nearest_name()
    {
        Assert.Equal(ScheduleKind.CosineWithMinLr, Schedule.KindOf("cosine_with_min_lr"));
        Assert.Contains("'cosine'", Assert.Throws<AlidadeException>(() => Schedule.KindOf("cosin")).Message, StringComparison.Ordinal);
    }
}
