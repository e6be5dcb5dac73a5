using Alidade.Models.Attention;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <content>The explicit path: the same computation in steps, with every activation at its hook point.</content>
internal sealed partial class Decoder
{
    /// <summary>Names of all hook points, in the order of a forward pass.</summary>
    /// <remarks>TransformerLens' names. A parallel block has no <c>hook_resid_mid</c>; norms behind attention and MLP are <c>ln1_post</c> and <c>ln2_post</c>,
    /// and <c>hook_attn_out</c> and <c>hook_mlp_out</c> lie behind them: they are what is added to the residual stream.</remarks>
    public static IEnumerable<string> HookNames(DecoderConfig config)
    {
        static string[] When(bool condition, params string[] names) => condition ? names : [];
        static string[] NormOf(bool condition, string prefix) => When(condition, prefix + ".hook_scale", prefix + ".hook_normalized");
        foreach (var name in (string[])[.. NormOf(config.EmbeddingNorm, "embed.ln"), "hook_embed", .. When(config.LearnedPositions, "hook_pos_embed")])
            yield return name;
        for (var layer = 0; layer < config.Layers; layer++)
        {
            string[] block =
            [
                "hook_resid_pre", .. When(config.HeadsPerKey == 1, "hook_attn_in"), "hook_q_input", "hook_k_input", "hook_v_input",
                .. NormOf(config.BlockNorms.HasFlag(BlockNorms.BeforeAttention), "ln1"), "attn.hook_q", "attn.hook_k", "attn.hook_v",
                .. NormOf(config.QueryKeyNorm != QueryKeyNorm.None, "attn.q_norm"), .. NormOf(config.QueryKeyNorm != QueryKeyNorm.None, "attn.k_norm"),
                .. When(config.RotaryOf(layer) is not null, "attn.hook_rot_q", "attn.hook_rot_k"),
                "attn.hook_attn_scores", "attn.hook_pattern", "attn.hook_z", "attn.hook_result",
                .. NormOf(config.BlockNorms.HasFlag(BlockNorms.AfterAttention), "ln1_post"), "hook_attn_out", .. When(!config.ParallelResidual, "hook_resid_mid"),
                "hook_mlp_in", .. NormOf(config.BlockNorms.HasFlag(BlockNorms.BeforeMlp) || config.ParallelResidual, "ln2"), "mlp.hook_pre", .. When(config.GatedMlp, "mlp.hook_pre_linear"), "mlp.hook_post",
                .. NormOf(config.BlockNorms.HasFlag(BlockNorms.AfterMlp), "ln2_post"), "hook_mlp_out", "hook_resid_post",
            ];
            foreach (var name in block)
                yield return $"blocks.{layer}.{name}";
        }

        foreach (var name in NormOf(true, "ln_final"))
            yield return name;
    }

    /// <summary>The explicit path.</summary>
    /// <param name="ids">[rows, positions], int64.</param>
    /// <param name="attention">Who sees whom.</param>
    /// <param name="hooks">The hooks to run.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Run(Tensor ids, IAttentionInSteps attention, HookRun hooks)
    {
        using var scope = NewDisposeScope();
        using var rotary = new RotaryTables(config, attention.Positions, attention.Length, embedding.DType);
        var embedded = Embedded(ids);
        var x = hooks.At("hook_embed", embeddingNorm?.Apply(embedded, hooks, "embed.ln.") ?? embedded);
        if (positionEmbedding is not null)
            x = x + hooks.At("hook_pos_embed", PositionRows(attention.Positions));
        for (var layer = 0; layer < blocks.Count; layer++)
        {
            using var inner = NewDisposeScope();
            var block = blocks[layer];
            var name = $"blocks.{layer}.";
            x = hooks.At(name + "hook_resid_pre", x);
            var attended = AttendInSteps(layer, block, ProjectedInSteps(block, x, hooks, name), rotary.Of(layer), attention, hooks, name + "attn.");
            attended = hooks.At(name + "hook_attn_out", Added(block.AttentionPostNorm, attended, hooks, name + "ln1_post."));
            var middle = x + attended;
            if (!config.ParallelResidual)
                middle = hooks.At(name + "hook_resid_mid", middle);
            // A parallel MLP without a norm of its own runs attention's once more, so that each can be hooked.
            var (mlpNorm, read) = config.ParallelResidual ? (block.MlpNorm ?? block.AttentionNorm, x) : (block.MlpNorm, middle);
            read = hooks.At(name + "hook_mlp_in", read);
            var mlp = MlpInSteps(block, mlpNorm?.Apply(read, hooks, name + "ln2.") ?? read, hooks, name + "mlp.");
            mlp = hooks.At(name + "hook_mlp_out", Added(block.MlpPostNorm, mlp, hooks, name + "ln2_post."));
            x = hooks.At(name + "hook_resid_post", middle + mlp).MoveToOuterDisposeScope();
        }

        return finalNorm.Apply(x, hooks, "ln_final.").MoveToOuterDisposeScope();
    }

    private Tensor Added(Norm? norm, Tensor x, HookRun hooks, string name)
    {
        var normed = norm?.Apply(x, hooks, name) ?? x;
        return config.ResidualScale == 1 ? normed : normed * config.ResidualScale;
    }

    // Queries, keys and values of a block's input. Where a hook gave some head an input of its own, that one goes through norm and projection as a row of its own.
    private (Tensor Q, Tensor K, Tensor V) ProjectedInSteps(BlockWeights block, Tensor x, HookRun hooks, string name)
    {
        Tensor ForHeads(int heads) => x.unsqueeze(2).expand(x.size(0), x.size(1), heads, x.size(2));
        var each = config.HeadsPerKey == 1 && hooks.Wants(name + "hook_attn_in") ? hooks.At(name + "hook_attn_in", ForHeads(config.Heads)) : null;
        var (ofQ, ofK, ofV) = (Input("hook_q_input", config.Heads), Input("hook_k_input", config.KeyValueHeads), Input("hook_v_input", config.KeyValueHeads));
        var (q, k, v) = QueryKeyValue(block, block.AttentionNorm?.Apply(x, hooks, name + "ln1.") ?? x);
        return (ofQ is null ? q : OfHeads(QueryKeyValue(block, ofQ).Q), ofK is null ? k : OfHeads(QueryKeyValue(block, ofK).K), ofV is null ? v : OfHeads(QueryKeyValue(block, ofV).V));

        // [rows · heads, positions, width]; null where no hook asks for it.
        Tensor? Input(string point, int heads)
        {
            if (each is null && !hooks.Wants(name + point))
                return null;
            var input = hooks.At(name + point, each ?? ForHeads(heads)).transpose(1, 2).flatten(0, 1);
            return block.AttentionNorm?.Apply(input) ?? input;
        }

        // Row h of every heads-many rows is computed for head h alone.
        Tensor OfHeads(Tensor projected) =>
            projected.view(x.size(0), -1, x.size(1), projected.size(2), config.HeadDim).diagonal(0, 1, 3).transpose(2, 3).contiguous();
    }

    private Tensor AttendInSteps(
        int layer, BlockWeights block, (Tensor Q, Tensor K, Tensor V) projected, Rotary? rotary, IAttentionInSteps attention, HookRun hooks, string name)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = projected;
        (q, k, v) = (hooks.At(name + "hook_q", q), hooks.At(name + "hook_k", k), hooks.At(name + "hook_v", v));
        (q, k) = (block.QueryNorm?.Apply(q, hooks, name + "q_norm.") ?? q, block.KeyNorm?.Apply(k, hooks, name + "k_norm.") ?? k);
        if (rotary is not null)
            (q, k) = (hooks.At(name + "hook_rot_q", rotary.Turn(q)), hooks.At(name + "hook_rot_k", rotary.Turn(k)));
        (k, v) = attention.Extended(layer, k, v);
        // The queries are the last of the keys' positions.
        var mask = attention.Mask(layer) ?? full([q.size(1), k.size(1)], float.NegativeInfinity, q.dtype, q.device).triu(k.size(1) - q.size(1) + 1);
        var raw = Heads.Scores(q.transpose(1, 2), Heads.Repeat(k, config.HeadsPerKey).transpose(1, 2), config.Scores);
        var scores = hooks.At(name + "hook_attn_scores", raw + mask);
        var pattern = hooks.At(name + "hook_pattern", nn.functional.softmax(scores, -1));
        var z = hooks.At(name + "hook_z", matmul(pattern, Heads.Repeat(v, config.HeadsPerKey).transpose(1, 2)).transpose(1, 2));
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
        var (gate, up) = GateUp(block, x);
        var pre = hooks.At(name + "hook_pre", gate ?? up);
        var active = config.Activation.Apply(pre);
        var post = gate is null ? active : active * hooks.At(name + "hook_pre_linear", up);
        return block.Down.Apply(hooks.At(name + "hook_post", post)).MoveToOuterDisposeScope();
    }
}
