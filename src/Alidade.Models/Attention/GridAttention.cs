using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>Attention over a padded grid.</summary>
internal sealed class GridAttention(DecoderConfig config, TokenGrid grid, Tensor positions, Tensor? visible, ScalarType dtype) : IAttention
{
    private readonly LayerMasks masks = new(config, grid.Length, visible, positions, () => positions, dtype);

    public Tensor Positions => positions;

    public long Length => grid.Length;

    /// <summary>The additive mask of a layer, which broadcasts to [rows, heads, queries, keys]; null for plain causal.</summary>
    public Tensor? Mask(int layer) => masks.Of(layer);

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v) => Heads.Attend(q, k, v, Mask(layer), Mask(layer) is null, config.Scores);

    // The grid owns positions and mask.
    public void Dispose() => masks.Dispose();
}
