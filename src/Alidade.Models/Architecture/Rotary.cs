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
        var rest = x.size(-1) - dimensions;
        // One split, for the gradient of its parts is one concatenation; that of a narrow is a tensor of zeros each.
        var parts = x.split(rest == 0 ? (long[])[half, half] : [half, half, rest], -1);
        var (first, second) = (parts[0], parts[1]);
        var turnedFirst = (first * cos).addcmul_(second, sin, -1);
        var turnedSecond = (second * cos).addcmul_(first, sin, 1);
        return cat([turnedFirst, turnedSecond, .. parts[2..]], -1).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cos.Dispose();
        sin.Dispose();
    }
}
