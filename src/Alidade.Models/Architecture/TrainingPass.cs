using Alidade.Models.Attention;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// The blocks as one node of the graph: forward keeps a little of each block, and backward goes through them from the last to the first, each with a graph of its own
/// that is gone before the next begins (activation checkpointing).
/// </summary>
/// <remarks>
/// Chen et al. 2016 (arXiv 1604.06174), with every block a segment; which values are kept is that of "selective" recomputation, Korthikanti et al. 2022 (arXiv 2205.05198):
/// those of the large products. A block has no random numbers, so that both runs are the same. Nothing in backward may throw: an exception there ends the process.
/// </remarks>
internal sealed class TrainingPass : IDisposable
{
    // The heap grows by about 10 MB of holes in the backward pass of a block over 1,000 tokens.
    private const int BlocksToTrim = 5;

    private readonly Decoder decoder;
    private readonly RotaryTables rotary;
    private readonly IAttention attention;
    private readonly Func<IDisposable> asNow;
    private readonly SlabPool pool;
    private readonly (Tensor Input, BlockTape Tape)[] kept;
    private Slab? memory;
    private bool givesBack;

    /// <param name="decoder">The blocks.</param>
    /// <param name="rotary">Tables of positions; disposed with this.</param>
    /// <param name="attention">Who sees whom; disposed with this.</param>
    /// <param name="asNow">Puts the weights back as they are now, the adapter in use with them, until what it returns is disposed: backward may come under another adapter.</param>
    /// <param name="pool">Where the memory comes from, and goes back to.</param>
    private TrainingPass(Decoder decoder, RotaryTables rotary, IAttention attention, Func<IDisposable> asNow, SlabPool pool)
    {
        (this.decoder, this.rotary, this.attention, this.asNow, this.pool) = (decoder, rotary, attention, asNow, pool);
        kept = new (Tensor, BlockTape)[decoder.Blocks.Count];
    }

    /// <summary>From the input of the first block to the output of the last.</summary>
    /// <param name="x">[rows, positions, width].</param>
    /// <param name="keepsProducts">Whether the values of the products are kept, or the inputs of the blocks alone.</param>
    public static Tensor Run(Decoder decoder, Tensor x, RotaryTables rotary, IAttention attention, bool keepsProducts, Func<IDisposable> asNow, SlabPool pool)
    {
        var pass = new TrainingPass(decoder, rotary, attention, asNow, pool);
        try
        {
            // The weights inside are no inputs of the node: where nothing before it asks for a gradient, the graph begins here.
            using var start = x.requires_grad ? x.alias() : x.detach().requires_grad_();
            return Node.apply(start, pass, keepsProducts);
        }
        catch
        {
            pass.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (input, tape) in kept)
        {
            input?.Dispose();
            tape?.Dispose();
        }

        if (memory is not null)
            pool.Return(memory);
        memory = null;
        rotary.Dispose();
        attention.Dispose();
    }

    private Tensor Forward(Tensor x, bool keepsProducts)
    {
        using var scope = NewDisposeScope();
        memory = pool.Rent(x.size(0) * x.size(1) * KeptOfToken(keepsProducts), x.dtype, x.device);
        for (var layer = 0; layer < kept.Length; layer++)
        {
            using var inner = NewDisposeScope();
            var tape = new BlockTape(keepsProducts ? memory : null);
            kept[layer] = (memory.Take(x.shape).copy_(x).DetachFromDisposeScope(), tape);
            var next = decoder.Block(layer, x, rotary.Of(layer), attention, tape).MoveToOuterDisposeScope();
            if (layer > 0)
                x.Dispose();
            x = next;
            tape.Rewind(decoder.Blocks[layer].ReadsDown);
        }

        // Under an adapter there is room: no gradients and moments of the weights.
        givesBack = memory.Used * x.element_size() >= Allocator.WorthGivingBack && decoder.Blocks.Any(b => b.Linears.Any(l => l.Packed is null && l.Weight.requires_grad));
        GiveBack();
        return x.MoveToOuterDisposeScope();
    }

    private Tensor Backward(Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var weights = asNow();
        for (var layer = kept.Length - 1; layer >= 0; layer--)
        {
            var before = Through(layer, gradient);
            gradient.Dispose();
            gradient = before;
            if (layer % BlocksToTrim == 0)
                GiveBack();
        }

        Dispose();
        return gradient.MoveToOuterDisposeScope();
    }

    // Runs one block backward: from the gradient of its output to that of its input.
    private Tensor Through(int layer, Tensor gradient)
    {
        using var scope = NewDisposeScope();
        using var withGraph = enable_grad();
        var (start, tape) = kept[layer];
        using var input = start.requires_grad_();
        decoder.Block(layer, input, rotary.Of(layer), attention, tape).backward([gradient]);
        tape.Dispose();
        return input.grad!.MoveToOuterDisposeScope();
    }

    // The heap's holes keep their pages while all that is kept is there too.
    private void GiveBack()
    {
        if (givesBack)
            Allocator.Trim();
    }

    // Numbers that are kept of a token, with room for the padding of attention over small trees, and for the last product of one block, which nobody may read.
    private long KeptOfToken(bool keepsProducts)
    {
        var config = decoder.Config;
        var inputs = (long)kept.Length * config.Width;
        if (!keepsProducts)
            return inputs;
        var products = decoder.Blocks.Sum(b => b.Linears.Sum(l => l.Outputs + (l.Update?.Rank ?? 0)) - (b.ReadsDown ? 0 : b.Down.Outputs)) + config.Width;
        return inputs + products + (kept.Length * config.Heads * (config.HeadDim + 1L) * 4 / 3);
    }

    private sealed class Node : autograd.SingleTensorFunction<Node>
    {
        public override string Name => nameof(TrainingPass);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            ctx.save_data("pass", vars[1]);
            using var noGrad = no_grad();
            return ((TrainingPass)vars[1]).Forward((Tensor)vars[0], (bool)vars[2]);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output) =>
            [((TrainingPass)ctx.get_data("pass")).Backward(grad_output), null!, null!];
    }
}
