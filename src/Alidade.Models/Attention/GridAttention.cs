using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>Attention over a padded grid.</summary>
internal sealed class GridAttention(TokenGrid grid, Tensor positions, Tensor? mask) : IAttention
{
    public Tensor Positions => positions;

    public long Length => grid.Length;

    /// <summary>The additive mask [rows, 1, query, key], or null for plain causal.</summary>
    public Tensor? Mask => mask;

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v) => Heads.Attend(q, k, v, mask, mask is null);

    public void Dispose()
    {
        // The grid owns its tensors.
    }
}
