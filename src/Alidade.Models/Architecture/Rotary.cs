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
    /// <param name="positions">[rows, positions], int64.</param>
    /// <param name="length">Longest position of the whole batch plus one.</param>
    /// <param name="dtype">Number type of queries and keys.</param>
    public Rotary(RotaryConfig config, Tensor positions, long length, ScalarType dtype)
    {
        this.config = config;
        using var scope = NewDisposeScope();
        var angles = positions.to(ScalarType.Float32).unsqueeze(-1) * tensor(config.InverseFrequencies(length), device: positions.device);
        cos = (angles.cos() * config.CosineFactor).to(dtype).unsqueeze(2).DetachFromDisposeScope();
        sin = (angles.sin() * config.CosineFactor).to(dtype).unsqueeze(2).DetachFromDisposeScope();
    }

    /// <param name="x">[rows, positions, heads, head size].</param>
    /// <returns>The same shape: the pairs of the first d dimensions turned, the rest as it is.</returns>
    public Tensor Turn(Tensor x)
    {
        using var scope = NewDisposeScope();
        var half = config.Dimensions / 2;
        var rest = x.size(-1) - config.Dimensions;
        if (config.Pairs == RotaryPairs.Neighbours)
        {
            var turned = rest == 0 ? [x] : x.split([config.Dimensions, rest], -1);
            var pairs = turned[0].unflatten(3, half, 2).unbind(4);
            var (even, odd) = Turn(pairs[0], pairs[1]);
            return cat([stack([even, odd], 4).flatten(3), .. turned[1..]], -1).MoveToOuterDisposeScope();
        }

        // One split, for the gradient of its parts is one concatenation; that of a narrow is a tensor of zeros each.
        var parts = x.split(rest == 0 ? (long[])[half, half] : [half, half, rest], -1);
        var (first, second) = Turn(parts[0], parts[1]);
        return cat([first, second, .. parts[2..]], -1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cos.Dispose();
        sin.Dispose();
    }

    private (Tensor First, Tensor Second) Turn(Tensor first, Tensor second) =>
        ((first * cos).addcmul_(second, sin, Scalars.MinusOne), (second * cos).addcmul_(first, sin, Scalars.One));
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
            tables.TryAdd(rotary, new(rotary, positions, length, dtype));
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
