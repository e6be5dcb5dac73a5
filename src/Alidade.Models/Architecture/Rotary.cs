using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>The cos and sin of one forward pass, and the turning of queries and keys by them.</summary>
internal sealed class Rotary : IDisposable
{
    private readonly RotaryConfig config;
    private readonly Tensor cos;
    private readonly Tensor sin;

    /// <param name="config">The frequencies.</param>
    /// <param name="headSize">Numbers of a head; those beyond <see cref="RotaryConfig.Dimensions"/> stay as they are.</param>
    /// <param name="positions">[rows, positions], int64.</param>
    /// <param name="length">Longest position of the whole batch plus one.</param>
    /// <param name="dtype">Number type of queries and keys.</param>
    public Rotary(RotaryConfig config, long headSize, Tensor positions, long length, ScalarType dtype)
    {
        this.config = config;
        using var scope = NewDisposeScope();
        var angles = positions.to(ScalarType.Float32).unsqueeze(-1) * tensor(config.InverseFrequencies(length), device: positions.device);
        // One for each number of a head, and one for each pair.
        cos = ones([.. positions.shape, 1, headSize], dtype, positions.device).DetachFromDisposeScope();
        sin = (angles.sin() * config.CosineFactor).to(dtype).unsqueeze(2).DetachFromDisposeScope();
        var ofPairs = (angles.cos() * config.CosineFactor).to(dtype).unsqueeze(2);
        First(cos).copy_(ofPairs);
        Second(cos).copy_(ofPairs);
    }

    /// <param name="x">[rows, positions, heads, head size].</param>
    /// <returns>The same shape: the pairs (a, b) of the first d dimensions turned to (a·cos − b·sin, b·cos + a·sin), the rest as it is.</returns>
    public Tensor Turn(Tensor x) => x.requires_grad && is_grad_enabled() ? Turned.Of(x, this) : Turn(x, cos, sin, Scalars.One, Scalars.MinusOne);

    /// <inheritdoc/>
    public void Dispose()
    {
        cos.Dispose();
        sin.Dispose();
    }

    private Tensor Turn(Tensor x, Tensor cosines, Tensor sines, Scalar plus, Scalar minus)
    {
        using var scope = NewDisposeScope();
        var y = x.mul(cosines);
        First(y).addcmul_(Second(x), sines, minus);
        Second(y).addcmul_(First(x), sines, plus);
        return y.MoveToOuterDisposeScope();
    }

    // The first of each pair.
    private Tensor First(Tensor x) => config.Pairs == RotaryPairs.Neighbours ? x.slice(-1, 0, config.Dimensions, 2) : x.slice(-1, 0, config.Dimensions / 2, 1);

    // The second of each pair.
    private Tensor Second(Tensor x) => config.Pairs == RotaryPairs.Neighbours ? x.slice(-1, 1, config.Dimensions, 2) : x.slice(-1, config.Dimensions / 2, config.Dimensions, 1);

    /// <summary>The turn as a node of the graph: its gradient is the turn back. In the graph of its steps every product and sum would be a node.</summary>
    /// <remarks>Nothing in backward may throw: an exception there ends the process.</remarks>
    private sealed class Turned : autograd.SingleTensorFunction<Turned>
    {
        public override string Name => "RotaryTurn";

        public static Tensor Of(Tensor x, Rotary rotary) => apply(x, rotary);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var rotary = (Rotary)vars[1];
            ctx.save_for_backward([rotary.cos, rotary.sin]);
            ctx.save_data("rotary", rotary);
            return rotary.Turn((Tensor)vars[0], rotary.cos, rotary.sin, Scalars.One, Scalars.MinusOne);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            using var scope = NewDisposeScope();
            using var g = grad_output;
            // The tables themselves may be gone by now.
            var saved = ctx.get_saved_variables();
            var rotary = (Rotary)ctx.get_data("rotary");
            return [rotary.Turn(g, saved[0], saved[1], Scalars.MinusOne, Scalars.One).MoveToOuterDisposeScope(), null!];
        }
    }
}

/// <summary>The rotary tables of one forward pass: one for each way in which the layers turn.</summary>
internal sealed class RotaryTables : IDisposable
{
    private readonly DecoderConfig config;
    private readonly Dictionary<RotaryConfig, Rotary> tables = new(ReferenceEqualityComparer.Instance);

    public RotaryTables(DecoderConfig config, Tensor positions, long length, ScalarType dtype)
    {
        this.config = config;
        foreach (var rotary in new[] { config.Rotary, config.WindowRotary }.OfType<RotaryConfig>())
            tables.TryAdd(rotary, new(rotary, config.HeadDim, positions, length, dtype));
    }

    /// <summary>The table of a layer; null when it has no rotary positions.</summary>
    public Rotary? Of(int layer) => config.RotaryOf(layer) is { } rotary ? tables[rotary] : null;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var table in tables.Values)
            table.Dispose();
    }
}
