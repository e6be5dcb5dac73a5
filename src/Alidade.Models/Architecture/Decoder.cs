using Alidade.Models.Attention;
using Alidade.Models.Native;
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
    /// <summary>The architecture.</summary>
    public DecoderConfig Config => config;

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

    /// <summary>The fused path for a backward pass that adds to the gradients of weights: of each block little is kept, and the rest computed again there.</summary>
    /// <param name="ids">[rows, positions], int64.</param>
    /// <param name="attention">Who sees whom; it is kept until backward is done, and disposed there.</param>
    /// <param name="keepsProducts">Whether the values of products with weights are kept, or the inputs of the blocks alone.</param>
    /// <param name="asNow">Puts the weights back as they are now, the adapter in use with them, until what it returns is disposed: backward may come under another adapter.</param>
    /// <param name="pool">Where memory for what is kept comes from.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor RunForTraining(Tensor ids, IAttention attention, bool keepsProducts, Func<IDisposable> asNow, SlabPool pool)
    {
        using var scope = NewDisposeScope();
        var x = Start(ids, attention, inPlace: true);
        var rotary = new RotaryTables(config, attention.Positions, attention.Length, embedding.DType);
        return finalNorm.Apply(TrainingPass.Run(this, x, rotary, attention, keepsProducts, asNow, pool)).MoveToOuterDisposeScope();
    }

    /// <summary>One block.</summary>
    /// <param name="layer">Its number.</param>
    /// <param name="x">Its input, [rows, positions, width].</param>
    /// <param name="rotary">How queries and keys are turned; null for not at all.</param>
    /// <param name="attention">Who sees whom.</param>
    /// <param name="tape">What is kept for backward; null where the graph keeps all.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Block(int layer, Tensor x, Rotary? rotary, IAttention attention, BlockTape? tape = null)
    {
        using var scope = NewDisposeScope();
        var block = blocks[layer];
        var input = block.AttentionNorm?.Apply(x, tape) ?? x;
        var attended = Added(block.AttentionPostNorm, Attended(layer, block, input, rotary, attention, tape), tape);
        var middle = x.Plus(attended);
        // A parallel MLP reads what attention reads, through a norm of its own or the same.
        var mlpInput = config.ParallelResidual ? block.MlpNorm?.Apply(x, tape) ?? input : block.MlpNorm?.Apply(middle, tape) ?? middle;
        return middle.Plus(Added(block.MlpPostNorm, Mlp(block, mlpInput, tape), tape)).MoveToOuterDisposeScope();
    }

    private Tensor Start(Tensor ids, IAttention attention, bool inPlace = false)
    {
        var x = Embedded(ids, inPlace);
        if (embeddingNorm is not null)
            x = embeddingNorm.Apply(x);
        return positionEmbedding is null ? x : x.Plus(PositionRows(attention.Positions, inPlace));
    }

    private Tensor Attended(int layer, BlockWeights block, Tensor x, Rotary? rotary, IAttention attention, BlockTape? tape)
    {
        var (q, k, v) = QueryKeyValue(block, x, tape);
        (q, k) = (block.QueryNorm?.Apply(q, tape) ?? q, block.KeyNorm?.Apply(k, tape) ?? k);
        if (rotary is not null)
            (q, k) = (rotary.Turn(q), rotary.Turn(k));
        return block.Output.Apply(attention.Attend(layer, q, k, v, tape).reshape(x.size(0), x.size(1), -1), tape);
    }

    private Tensor Mlp(BlockWeights block, Tensor x, BlockTape? tape)
    {
        var (gate, up) = GateUp(block, x, tape);
        return block.Down.Apply(gate is null ? config.Activation.Apply(up) : config.Activation.Apply(gate) * up, tape);
    }

    // What attention or the MLP adds to the residual stream.
    private Tensor Added(Norm? norm, Tensor x, BlockTape? tape)
    {
        var normed = norm?.Apply(x, tape) ?? x;
        return config.ResidualScale == 1 ? normed : normed.mul(Scalars.Of(config.ResidualScale));
    }

    private Tensor Embedded(Tensor ids, bool inPlace = false)
    {
        var x = config.EmbeddingScale == 1 ? embedding.Apply(ids, inPlace) : embedding.Apply(ids, inPlace).mul(Scalars.Of(config.EmbeddingScale));
        return EmbeddingChange?.Invoke(x) ?? x;
    }

    private Tensor PositionRows(Tensor positions, bool inPlace = false) =>
        positionEmbedding!.Apply(config.PositionOffset == 0 ? positions : positions.add(Scalars.Of((long)config.PositionOffset), Scalars.One), inPlace);

    // [rows, positions, heads, head size] each.
    private (Tensor Q, Tensor K, Tensor V) QueryKeyValue(BlockWeights block, Tensor x, BlockTape? tape = null)
    {
        if (block.QueryKeyValue is { } fused)
            return Parts(Clipped(fused.Apply(x, tape)));
        var parts = Linear.Apply(x, tape, block.Query!, block.Key!, block.Value!);
        return (Split(Clipped(parts[0]), config.Heads), Split(Clipped(parts[1]), config.KeyValueHeads), Split(Clipped(parts[2]), config.KeyValueHeads));
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

    private Tensor Clipped(Tensor x) => config.QueryKeyValueClip is { } bound ? x.clamp(Scalars.Of(-bound), Scalars.Of(bound)) : x;

    private Tensor Split(Tensor x, int heads) => x.view(x.size(0), x.size(1), heads, config.HeadDim);

    private (Tensor? Gate, Tensor Up) GateUp(BlockWeights block, Tensor x, BlockTape? tape = null)
    {
        if (block is { GateUp: null, Gate: null })
            return (null, block.Up!.Apply(x, tape));
        var parts = block.GateUp is { } fused ? fused.Apply(x, tape).split([config.MlpWidth, config.MlpWidth], -1) : Linear.Apply(x, tape, block.Gate!, block.Up!);
        return (parts[0], parts[1]);
    }
}
