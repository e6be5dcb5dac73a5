using Alidade.Models.Architecture;
using Alidade.Models.Attention;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>What a token's first vector is made of.</summary>
internal sealed record EncoderEmbeddings
{
    public required Embedding Tokens { get; init; }

    public Tensor? Positions { get; init; }

    public Embedding? TokenTypes { get; init; }

    /// <summary>[width, embedding width]; null where both are the same.</summary>
    public Tensor? Projection { get; init; }

    public required Norm Norm { get; init; }
}

/// <summary>The weights of one block.</summary>
internal sealed record EncoderBlock
{
    public required Linear Query { get; init; }

    public required Linear Key { get; init; }

    public required Linear Value { get; init; }

    public required Linear Output { get; init; }

    public required Norm AttentionNorm { get; init; }

    public required Linear Up { get; init; }

    public required Linear Down { get; init; }

    public required Norm MlpNorm { get; init; }

    /// <summary>Projections of relative positions; empty without them.</summary>
    public PositionProjections Positions { get; init; }
}

/// <summary>The convolution beside the first block; see <see cref="ConvolutionConfig"/>.</summary>
internal sealed record EncoderConvolution(ConvolutionConfig Config, Tensor Weight, Tensor Bias, Norm Norm);

/// <summary>
/// The one encoder: token ids to the last hidden states. Post-norm blocks x ← norm(x + attention x); x ← norm(x + mlp x), in which every token sees every other.
/// </summary>
internal sealed class Encoder(
    EncoderConfig config, EncoderEmbeddings embeddings, IReadOnlyList<EncoderBlock> blocks, DisentangledAttention? disentangled, EncoderConvolution? convolution)
{
    private readonly double scale = 1 / Math.Sqrt((double)config.HeadDim * (disentangled?.Terms ?? 1));

    /// <summary>The token embedding.</summary>
    public Tensor Embedding => embeddings.Tokens.Weight;

    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<EncoderBlock> Blocks => blocks;

    /// <summary>A forward pass.</summary>
    /// <param name="batch">The rows.</param>
    /// <param name="hooks">The hooks to run; without them attention is fused where it can be.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Run(EncoderBatch batch, HookRun? hooks)
    {
        using var scope = NewDisposeScope();
        var device = Embedding.device;
        var real = batch.Real?.to(device);
        var mask = real is null ? null : zeros(real.shape, Embedding.dtype, device).masked_fill(real.logical_not(), float.NegativeInfinity).unsqueeze(1).unsqueeze(1);
        var relative = disentangled is null ? null : new Relative(disentangled.Positions(), disentangled.Rows(batch.Width, device));
        var x = Embed(batch, device, hooks);
        x = hooks?.At("hook_full_embed", x) ?? x;
        for (var layer = 0; layer < blocks.Count; layer++)
        {
            using var inner = NewDisposeScope();
            var (block, name) = (blocks[layer], $"blocks.{layer}.");
            var before = hooks?.At(name + "hook_resid_pre", x) ?? x;
            var attended = Attend(block, before, mask, relative, hooks, name + "attn.");
            var middle = before + (hooks?.At(name + "hook_attn_out", attended) ?? attended);
            var normed = Normalize(block.AttentionNorm, hooks?.At(name + "hook_resid_mid", middle) ?? middle, hooks, name + "ln1.");
            var mlp = Mlp(block, normed, hooks, name + "mlp.");
            var after = normed + (hooks?.At(name + "hook_mlp_out", mlp) ?? mlp);
            var next = Normalize(block.MlpNorm, hooks?.At(name + "hook_resid_post", after) ?? after, hooks, name + "ln2.");
            if (layer == 0 && convolution is not null)
                next = Convolve(convolution, before, next, real);
            var leaving = (hooks?.At(name + "hook_normalized_resid_post", next) ?? next).MoveToOuterDisposeScope();
            x.Dispose();
            x = leaving;
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Names of all hook points, in the order of a forward pass: those of TransformerLens' HookedEncoder.</summary>
    public static IEnumerable<string> HookNames(EncoderConfig config)
    {
        yield return "embed.hook_embed";
        if (config.Positions > 0)
            yield return "embed.hook_pos_embed";
        if (config.TokenTypes > 0)
            yield return "embed.hook_token_type_embed";
        yield return "embed.ln.hook_scale";
        yield return "embed.ln.hook_normalized";
        yield return "hook_full_embed";
        string[] block =
        [
            "hook_resid_pre", "attn.hook_q", "attn.hook_k", "attn.hook_v", "attn.hook_attn_scores", "attn.hook_pattern", "attn.hook_z", "hook_attn_out",
            "hook_resid_mid", "ln1.hook_scale", "ln1.hook_normalized", "mlp.hook_pre", "mlp.hook_post", "hook_mlp_out", "hook_resid_post",
            "ln2.hook_scale", "ln2.hook_normalized", "hook_normalized_resid_post",
        ];
        for (var layer = 0; layer < config.Layers; layer++)
            foreach (var name in block)
                yield return $"blocks.{layer}.{name}";
    }

    private Tensor Embed(EncoderBatch batch, Device device, HookRun? hooks)
    {
        using var scope = NewDisposeScope();
        var tokens = embeddings.Tokens.Apply(batch.Ids.to(device));
        var x = hooks?.At("embed.hook_embed", tokens) ?? tokens;
        if (embeddings.Positions is { } table)
        {
            // The same for every row, but a hook sees one for each.
            var positions = table.narrow(0, config.FirstPosition, batch.Width).expand(batch.Ids.size(0), batch.Width, -1);
            x = x + (hooks?.At("embed.hook_pos_embed", positions) ?? positions);
        }

        if (embeddings.TokenTypes is { } types)
        {
            var kinds = types.Apply(batch.TypeIds.to(device));
            x = x + (hooks?.At("embed.hook_token_type_embed", kinds) ?? kinds);
        }

        if (embeddings.Projection is { } projection)
            x = nn.functional.linear(x, projection);
        return Normalize(embeddings.Norm, x, hooks, "embed.ln.").MoveToOuterDisposeScope();
    }

    private Tensor Attend(EncoderBlock block, Tensor x, Tensor? mask, Relative? relative, HookRun? hooks, string name)
    {
        using var scope = NewDisposeScope();
        Tensor Split(Linear projection, string point)
        {
            var y = projection.Apply(x).view(x.size(0), x.size(1), config.Heads, config.HeadDim);
            return hooks?.At(name + point, y) ?? y;
        }

        var (q, k, v) = (Split(block.Query, "hook_q"), Split(block.Key, "hook_k"), Split(block.Value, "hook_v"));
        Tensor z;
        if (hooks is null && relative is null)
        {
            z = Heads.Attend(q, k, v, mask, causal: false);
        }
        else
        {
            (q, k, v) = (q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2));
            var scores = matmul(q, k.transpose(2, 3));
            if (relative is { } r)
                scores = scores + disentangled!.Scores(q, k, r.Positions, r.Rows, block.Positions);
            scores = scores * scale;
            if (mask is not null)
                scores = scores + mask;
            var pattern = nn.functional.softmax(hooks?.At(name + "hook_attn_scores", scores) ?? scores, -1);
            z = matmul(hooks?.At(name + "hook_pattern", pattern) ?? pattern, v).transpose(1, 2);
            z = hooks?.At(name + "hook_z", z) ?? z;
        }

        return block.Output.Apply(z.reshape(x.size(0), x.size(1), -1)).MoveToOuterDisposeScope();
    }

    private Tensor Mlp(EncoderBlock block, Tensor x, HookRun? hooks, string name)
    {
        using var scope = NewDisposeScope();
        var pre = block.Up.Apply(x);
        var post = config.Activation.Apply(hooks?.At(name + "hook_pre", pre) ?? pre);
        return block.Down.Apply(hooks?.At(name + "hook_post", post) ?? post).MoveToOuterDisposeScope();
    }

    // Padding is zero before the convolution, as what lies beyond the ends of a row is. As a product of every token's neighbourhood with the kernel: the
    // library's convolution is made for pictures.
    private static Tensor Convolve(EncoderConvolution convolution, Tensor input, Tensor output, Tensor? real)
    {
        using var scope = NewDisposeScope();
        var (kernel, length) = (convolution.Config.Kernel, input.size(1));
        var seen = real is null ? input : input * real.unsqueeze(-1);
        var padded = nn.functional.pad(seen, [0, 0, kernel / 2, kernel / 2]);
        var neighbours = cat([.. Enumerable.Range(0, kernel).Select(i => padded.narrow(1, i, length))], -1);
        var weight = convolution.Weight.transpose(1, 2).reshape(convolution.Weight.size(0), -1);
        var y = nn.functional.linear(neighbours, weight, convolution.Bias);
        return convolution.Norm.Apply(output + convolution.Config.Activation.Apply(y)).MoveToOuterDisposeScope();
    }

    private static Tensor Normalize(Norm norm, Tensor x, HookRun? hooks, string name) => hooks is { } run ? norm.Apply(x, run, name) : norm.Apply(x);

    /// <summary>Relative positions in one forward pass.</summary>
    private sealed record Relative(Tensor Positions, Tensor Rows);
}
