using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>The cos and sin of one forward pass, and the turning of queries and keys by them.</summary>
internal sealed class Rotary : IDisposable
{
    private readonly int dimensions;
    private readonly Tensor cos;
    private readonly Tensor sin;

    /// <param name="config">The frequencies.</param>
    /// <param name="positions">[rows, positions], int64.</param>
    /// <param name="length">Longest position of the whole batch plus one.</param>
    /// <param name="dtype">Number type of queries and keys.</param>
    public Rotary(RotaryConfig config, Tensor positions, long length, ScalarType dtype)
    {
        dimensions = config.Dimensions;
        using var scope = NewDisposeScope();
        var angles = positions.to(ScalarType.Float32).unsqueeze(-1) * tensor(config.InverseFrequencies(length), device: positions.device);
        cos = (angles.cos() * config.CosineFactor).to(dtype).unsqueeze(2).DetachFromDisposeScope();
        sin = (angles.sin() * config.CosineFactor).to(dtype).unsqueeze(2).DetachFromDisposeScope();
    }

    /// <param name="x">[rows, positions, heads, head size].</param>
    /// <returns>The same shape: dimension i and i + d/2 of the first d turned together.</returns>
    public Tensor Turn(Tensor x)
    {
        using var scope = NewDisposeScope();
        var half = dimensions / 2;
        var first = x.narrow(-1, 0, half);
        var second = x.narrow(-1, half, half);
        var turnedFirst = (first * cos) - (second * sin);
        var turnedSecond = (second * cos) + (first * sin);
        var rest = x.size(-1) - dimensions;
        return (rest == 0 ? cat([turnedFirst, turnedSecond], -1) : cat([turnedFirst, turnedSecond, x.narrow(-1, dimensions, rest)], -1))
            .MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cos.Dispose();
        sin.Dispose();
    }
}
