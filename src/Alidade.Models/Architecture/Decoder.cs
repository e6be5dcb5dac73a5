using Alidade.Models.Attention;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>The weights of one block.</summary>
internal sealed record BlockWeights
{
    public required Norm AttentionNorm { get; init; }

    /// <summary>Query, key and value in one; null when they are separate.</summary>
    public Linear? QueryKeyValue { get; init; }

    public Linear? Query { get; init; }

    public Linear? Key { get; init; }

    public Linear? Value { get; init; }

    public required Linear Output { get; init; }

    public required Norm MlpNorm { get; init; }

    public Linear? Gate { get; init; }

    public required Linear Up { get; init; }

    public required Linear Down { get; init; }

    public IEnumerable<Linear> Linears => new[] { QueryKeyValue, Query, Key, Value, Output, Gate, Up, Down }.OfType<Linear>();
}

/// <summary>
/// The one decoder: token ids to the final, normalised hidden states. Pre-norm blocks x += attention(norm x); x += mlp(norm x).
/// </summary>
internal sealed class Decoder(DecoderConfig config, Embedding embedding, Embedding? positionEmbedding, IReadOnlyList<BlockWeights> blocks, Norm finalNorm)
{
    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<BlockWeights> Blocks => blocks;

    /// <summary>Every module with a weight that an adapter can update, as a forward pass meets them.</summary>
    public IEnumerable<AdaptableModule> Modules =>
        new AdaptableModule?[] { embedding, positionEmbedding }.OfType<AdaptableModule>().Concat(blocks.SelectMany(b => b.Linears));

    /// <summary>The learned positions; null under rotary ones.</summary>
    public Embedding? PositionEmbedding => positionEmbedding;

    /// <summary>Norm after the last block.</summary>
    public Norm FinalNorm => finalNorm;

    /// <summary>The fused path.</summary>
    /// <param name="ids">[rows, positions], int64.</param>
    /// <param name="attention">Who sees whom.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Run(Tensor ids, IAttention attention)
    {
        using var scope = NewDisposeScope();
        using var rotary = RotaryOf(attention);
        var x = embedding.Apply(ids);
        if (positionEmbedding is not null)
            x = x + positionEmbedding.Apply(attention.Positions);
        for (var layer = 0; layer < blocks.Count; layer++)
        {
            using var inner = NewDisposeScope();
            var block = blocks[layer];
            var (q, k, v) = QueryKeyValue(block, block.AttentionNorm.Apply(x));
            if (rotary is not null)
                (q, k) = (rotary.Turn(q), rotary.Turn(k));
            var z = attention.Attend(layer, q, k, v);
            var middle = x + block.Output.Apply(z.reshape(z.size(0), z.size(1), -1));
            var normed = block.MlpNorm.Apply(middle);
            var up = block.Up.Apply(normed);
            var post = block.Gate is null ? config.Activation.Apply(up) : config.Activation.Apply(block.Gate.Apply(normed)) * up;
            var next = middle + block.Down.Apply(post);
            x.Dispose();
            x = next.MoveToOuterDisposeScope();
        }

        return finalNorm.Apply(x).MoveToOuterDisposeScope();
    }

    /// <summary>The explicit path, with every activation and its hook point.</summary>
    /// <param name="ids">[rows, positions], int64.</param>
    /// <param name="attention">The padded grid.</param>
    /// <param name="hooks">The hooks to run.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Run(Tensor ids, GridAttention attention, HookRun hooks)
    {
        using var scope = NewDisposeScope();
        using var rotary = RotaryOf(attention);
        var mask = attention.Mask ?? full([ids.size(1), ids.size(1)], float.NegativeInfinity, embedding.Weight.dtype, ids.device).triu(1);
        var x = hooks.At("hook_embed", embedding.Apply(ids));
        if (positionEmbedding is not null)
            x = x + hooks.At("hook_pos_embed", positionEmbedding.Apply(attention.Positions));
        for (var layer = 0; layer < blocks.Count; layer++)
        {
            using var inner = NewDisposeScope();
            var block = blocks[layer];
            var name = $"blocks.{layer}.";
            x = hooks.At(name + "hook_resid_pre", x);
            var attended = hooks.At(name + "hook_attn_out", AttendInSteps(block, block.AttentionNorm.Apply(x, hooks, name + "ln1."), rotary, mask, hooks, name + "attn."));
            var middle = hooks.At(name + "hook_resid_mid", x + attended);
            var normed = block.MlpNorm.Apply(middle, hooks, name + "ln2.");
            var mlp = hooks.At(name + "hook_mlp_out", MlpInSteps(block, normed, hooks, name + "mlp."));
            x = hooks.At(name + "hook_resid_post", middle + mlp).MoveToOuterDisposeScope();
        }

        return finalNorm.Apply(x, hooks, "ln_final.").MoveToOuterDisposeScope();
    }

    /// <summary>Names of all hook points, in the order of a forward pass.</summary>
    public static IEnumerable<string> HookNames(DecoderConfig config)
    {
        yield return "hook_embed";
        if (config.Rotary is null)
            yield return "hook_pos_embed";
        string[] rotated = config.Rotary is null ? [] : ["attn.hook_rot_q", "attn.hook_rot_k"];
        string[] gate = config.GatedMlp ? ["mlp.hook_pre_linear"] : [];
        string[] block =
        [
            "hook_resid_pre", "ln1.hook_scale", "ln1.hook_normalized", "attn.hook_q", "attn.hook_k", "attn.hook_v", .. rotated,
            "attn.hook_attn_scores", "attn.hook_pattern", "attn.hook_z", "attn.hook_result", "hook_attn_out", "hook_resid_mid",
            "ln2.hook_scale", "ln2.hook_normalized", "mlp.hook_pre", .. gate, "mlp.hook_post", "hook_mlp_out", "hook_resid_post",
        ];
        for (var layer = 0; layer < config.Layers; layer++)
            foreach (var name in block)
                yield return $"blocks.{layer}.{name}";
        yield return "ln_final.hook_scale";
        yield return "ln_final.hook_normalized";
    }

    private Rotary? RotaryOf(IAttention attention) =>
        config.Rotary is { } rotary ? new(rotary, attention.Positions, attention.Length, embedding.Weight.dtype) : null;

    private (Tensor Q, Tensor K, Tensor V) QueryKeyValue(BlockWeights block, Tensor x)
    {
        if (block.QueryKeyValue is not { } fused)
            return (Split(block.Query!.Apply(x), config.Heads), Split(block.Key!.Apply(x), config.KeyValueHeads), Split(block.Value!.Apply(x), config.KeyValueHeads));
        var parts = fused.Apply(x).split([config.Heads * config.HeadDim, config.KeyValueHeads * config.HeadDim, config.KeyValueHeads * config.HeadDim], -1);
        return (Split(parts[0], config.Heads), Split(parts[1], config.KeyValueHeads), Split(parts[2], config.KeyValueHeads));
    }

    private Tensor Split(Tensor x, int heads) => x.view(x.size(0), x.size(1), heads, config.HeadDim);

    private Tensor AttendInSteps(BlockWeights block, Tensor x, Rotary? rotary, Tensor mask, HookRun hooks, string name)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = QueryKeyValue(block, x);
        (q, k, v) = (hooks.At(name + "hook_q", q), hooks.At(name + "hook_k", k), hooks.At(name + "hook_v", v));
        if (rotary is not null)
            (q, k) = (hooks.At(name + "hook_rot_q", rotary.Turn(q)), hooks.At(name + "hook_rot_k", rotary.Turn(k)));
        k = Heads.Repeat(k, config.HeadsPerKey);
        v = Heads.Repeat(v, config.HeadsPerKey);
        var raw = matmul(q.transpose(1, 2), k.transpose(1, 2).transpose(2, 3)) * config.AttentionScale;
        var scores = hooks.At(name + "hook_attn_scores", raw + mask);
        var pattern = hooks.At(name + "hook_pattern", nn.functional.softmax(scores, -1));
        var z = hooks.At(name + "hook_z", matmul(pattern, v.transpose(1, 2)).transpose(1, 2));
        if (!hooks.Wants(name + "hook_result"))
            return block.Output.Apply(z.reshape(z.size(0), z.size(1), -1)).MoveToOuterDisposeScope();

        // Each head's own share of the output; only on demand, for it is as many times larger as there are heads.
        var weight = block.Output.InputMajorWeight().view(config.Heads, config.HeadDim, config.Width);
        var sum = hooks.At(name + "hook_result", einsum("bphd,hdw->bphw", z, weight)).sum(2);
        return (block.Output.Bias is { } bias ? sum + bias : sum).MoveToOuterDisposeScope();
    }

    private Tensor MlpInSteps(BlockWeights block, Tensor x, HookRun hooks, string name)
    {
        using var scope = NewDisposeScope();
        Tensor post;
        if (block.Gate is { } gate)
        {
            var pre = hooks.At(name + "hook_pre", gate.Apply(x));
            var linear = hooks.At(name + "hook_pre_linear", block.Up.Apply(x));
            post = config.Activation.Apply(pre) * linear;
        }
        else
        {
            post = config.Activation.Apply(hooks.At(name + "hook_pre", block.Up.Apply(x)));
        }

        return block.Down.Apply(hooks.At(name + "hook_post", post)).MoveToOuterDisposeScope();
    }
}
