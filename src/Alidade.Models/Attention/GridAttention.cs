using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>Attention over a padded grid.</summary>
internal sealed class GridAttention(DecoderConfig config, TokenGrid grid, Tensor positions, Tensor? visible, ScalarType dtype) : IAttentionInSteps
{
    private readonly LayerMasks masks = new(config, grid.Length, visible, positions, () => positions, dtype);

    public Tensor Positions => positions;

    public long Length => grid.Length;

    public Tensor? Mask(int layer) => masks.Of(layer);

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, BlockTape? tape = null) => Heads.Attend(q, k, v, Mask(layer), Mask(layer) is null, config.Scores, tape);

    public (Tensor Keys, Tensor Values) Extended(int layer, Tensor k, Tensor v) => (k, v);

    // The grid owns positions and mask.
    public void Dispose() => masks.Dispose();
}
