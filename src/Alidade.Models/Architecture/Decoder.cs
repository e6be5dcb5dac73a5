using Alidade.Models.Attention;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// The one decoder: token ids to the final, normalised hidden states. A block adds attention and then the MLP to the residual stream, or both at once
/// (<see cref="DecoderConfig.ParallelResidual"/>), each with the norms that the architecture has before and after it.
/// </summary>
/// <param name="config">The architecture.</param>
/// <param name="embedding">One vector for each token.</param>
/// <param name="embeddingNorm">Norm of the embeddings, or null.</param>
/// <param name="positionEmbedding">Learned positions, <see cref="DecoderConfig.PositionOffset"/> + context of them, or null.</param>
/// <param name="blocks">The blocks, first to last.</param>
/// <param name="finalNorm">Norm after the last block.</param>
internal sealed partial class Decoder(
    DecoderConfig config, Embedding embedding, Norm? embeddingNorm, Embedding? positionEmbedding, IReadOnlyList<BlockWeights> blocks, Norm finalNorm)
{
    /// <summary>The blocks, first to last.</summary>
    public IReadOnlyList<BlockWeights> Blocks => blocks;

    /// <summary>Every module with a weight that an adapter can update, as a forward pass meets them.</summary>
    public IEnumerable<AdaptableModule> Modules =>
        new AdaptableModule?[] { embedding, positionEmbedding }.OfType<AdaptableModule>().Concat(blocks.SelectMany(b => b.Linears));

    /// <summary>The learned positions; null when there are none.</summary>
    public Embedding? PositionEmbedding => positionEmbedding;

    /// <summary>Norm of the embeddings; null when there is none.</summary>
    public Norm? EmbeddingNorm => embeddingNorm;

    /// <summary>Norm after the last block.</summary>
    public Norm FinalNorm => finalNorm;

    /// <summary>What is done to the embeddings of tokens, [rows, positions, width], before anything else; null for nothing.</summary>
    public Func<Tensor, Tensor>? EmbeddingChange { get; set; }

    /// <summary>The fused path.</summary>
    /// <param name="ids">[rows, positions], int64.</param>
    /// <param name="attention">Who sees whom.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Run(Tensor ids, IAttention attention)
    {
        using var scope = NewDisposeScope();
        using var rotary = new RotaryTables(config, attention.Positions, attention.Length, embedding.DType);
        var x = Start(ids, attention);
        for (var layer = 0; layer < blocks.Count; layer++)
        {
            using var inner = NewDisposeScope();
            var next = Block(layer, x, rotary.Of(layer), attention);
            x.Dispose();
            x = next.MoveToOuterDisposeScope();
        }

        return finalNorm.Apply(x).MoveToOuterDisposeScope();
    }

    /// <summary>The fused path with the activations of one block at a time: backward runs each block again.</summary>
    /// <param name="ids">[rows, positions], int64.</param>
    /// <param name="attention">Who sees whom; it is kept until the first block's backward is done, and disposed there.</param>
    /// <param name="asNow">Puts the weights back as they are now, the adapter in use with them, until what it returns is disposed: backward may come under another adapter.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor RunRecomputed(Tensor ids, IAttention attention, Func<IDisposable> asNow)
    {
        using var scope = NewDisposeScope();
        var rotary = new RotaryTables(config, attention.Positions, attention.Length, embedding.DType);
        try
        {
            var x = Start(ids, attention);
            for (var layer = 0; layer < blocks.Count; layer++)
            {
                using var inner = NewDisposeScope();
                var at = layer;
                var next = RecomputedBlock.Of(x, input => Again(at, input, rotary, attention, asNow), () =>
                {
                    if (at > 0)
                        return;
                    rotary.Dispose();
                    attention.Dispose();
                });
                x.Dispose();
                x = next.MoveToOuterDisposeScope();
            }

            return finalNorm.Apply(x).MoveToOuterDisposeScope();
        }
        catch
        {
            rotary.Dispose();
            throw;
        }
    }

    private Tensor Again(int layer, Tensor x, RotaryTables rotary, IAttention attention, Func<IDisposable> asNow)
    {
        using var weights = asNow();
        return Block(layer, x, rotary.Of(layer), attention);
    }

    private Tensor Start(Tensor ids, IAttention attention)
    {
        var x = Embedded(ids);
        if (embeddingNorm is not null)
            x = embeddingNorm.Apply(x);
        return positionEmbedding is null ? x : x + PositionRows(attention.Positions);
    }

    private Tensor Block(int layer, Tensor x, Rotary? rotary, IAttention attention)
    {
        using var scope = NewDisposeScope();
        var block = blocks[layer];
        var input = block.AttentionNorm?.Apply(x) ?? x;
        var attended = Added(block.AttentionPostNorm, Attended(layer, block, input, rotary, attention));
        var middle = x + attended;
        // A parallel MLP reads what attention reads, through a norm of its own or the same.
        var mlpInput = config.ParallelResidual ? block.MlpNorm?.Apply(x) ?? input : block.MlpNorm?.Apply(middle) ?? middle;
        return (middle + Added(block.MlpPostNorm, Mlp(block, mlpInput))).MoveToOuterDisposeScope();
    }

    private Tensor Attended(int layer, BlockWeights block, Tensor x, Rotary? rotary, IAttention attention)
    {
        var (q, k, v) = QueryKeyValue(block, x);
        (q, k) = (block.QueryNorm?.Apply(q) ?? q, block.KeyNorm?.Apply(k) ?? k);
        if (rotary is not null)
            (q, k) = (rotary.Turn(q), rotary.Turn(k));
        return block.Output.Apply(attention.Attend(layer, q, k, v).reshape(x.size(0), x.size(1), -1));
    }

    private Tensor Mlp(BlockWeights block, Tensor x)
    {
        var (gate, up) = GateUp(block, x);
        return block.Down.Apply(gate is null ? config.Activation.Apply(up) : config.Activation.Apply(gate) * up);
    }

    // What attention or the MLP adds to the residual stream.
    private Tensor Added(Norm? norm, Tensor x)
    {
        var normed = norm?.Apply(x) ?? x;
        return config.ResidualScale == 1 ? normed : normed * config.ResidualScale;
    }

    private Tensor Embedded(Tensor ids)
    {
        var x = config.EmbeddingScale == 1 ? embedding.Apply(ids) : embedding.Apply(ids) * config.EmbeddingScale;
        return EmbeddingChange?.Invoke(x) ?? x;
    }

    private Tensor PositionRows(Tensor positions) => positionEmbedding!.Apply(config.PositionOffset == 0 ? positions : positions + config.PositionOffset);

    // [rows, positions, heads, head size] each.
    private (Tensor Q, Tensor K, Tensor V) QueryKeyValue(BlockWeights block, Tensor x)
    {
        if (block.QueryKeyValue is { } fused)
            return Parts(Clipped(fused.Apply(x)));
        return (Split(Clipped(block.Query!.Apply(x)), config.Heads), Split(Clipped(block.Key!.Apply(x)), config.KeyValueHeads), Split(Clipped(block.Value!.Apply(x)), config.KeyValueHeads));
    }

    private (Tensor Q, Tensor K, Tensor V) Parts(Tensor fused)
    {
        if (config.QueryKeyValueLayout == FusedLayout.ByKeyHead)
        {
            var heads = fused.view(fused.size(0), fused.size(1), config.KeyValueHeads, config.HeadsPerKey + 2, config.HeadDim).split([config.HeadsPerKey, 1, 1], 3);
            return (heads[0].flatten(2, 3), heads[1].squeeze(3), heads[2].squeeze(3));
        }

        var parts = fused.split([config.Heads * config.HeadDim, config.KeyValueHeads * config.HeadDim, config.KeyValueHeads * config.HeadDim], -1);
        return (Split(parts[0], config.Heads), Split(parts[1], config.KeyValueHeads), Split(parts[2], config.KeyValueHeads));
    }

    private Tensor Clipped(Tensor x) => config.QueryKeyValueClip is { } bound ? x.clamp(-bound, bound) : x;

    private Tensor Split(Tensor x, int heads) => x.view(x.size(0), x.size(1), heads, config.HeadDim);

    private (Tensor? Gate, Tensor Up) GateUp(BlockWeights block, Tensor x)
    {
        if (block.GateUp is not { } fused)
            return (block.Gate?.Apply(x), block.Up!.Apply(x));
        var parts = fused.Apply(x).split([config.MlpWidth, config.MlpWidth], -1);
        return (parts[0], parts[1]);
    }
}
