using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>Attention over a padded grid.</summary>
internal sealed class GridAttention(TokenGrid grid, Tensor positions, Tensor? mask, int headsPerKey) : IAttention
{
    public Tensor Positions => positions;

    public long Length => grid.Length;

    /// <summary>The additive mask [rows, 1, query, key], or null for plain causal.</summary>
    public Tensor? Mask => mask;

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        using var scope = NewDisposeScope();
        return Heads.Attend(q, Heads.Repeat(k, headsPerKey), Heads.Repeat(v, headsPerKey), mask, mask is null).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        // The grid owns its tensors.
    }
}
