using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>softmax(s·qkᵀ + mask)·v under one rule of who sees whom, without gradients of its own.</summary>
internal interface IFlashAttention
{
    /// <param name="q">[rows, heads, queries, head size].</param>
    /// <param name="k">[rows, key heads, keys, head size].</param>
    /// <param name="v">[rows, key heads, keys, head size].</param>
    /// <returns>The output, [rows, heads, queries, head size], and the log of each query's sum of exponentials, [rows, heads, queries].</returns>
    (Tensor Output, Tensor LogSums) Forward(Tensor q, Tensor k, Tensor v);

    /// <summary>The gradients of queries, keys and values, given that of the output and what <see cref="Forward"/> gave.</summary>
    (Tensor Query, Tensor Key, Tensor Value) Backward(Tensor gradient, Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSums);
}

/// <summary>As the library has it.</summary>
/// <param name="Mask">Added to the scores; null for none.</param>
/// <param name="Causal">Query i sees keys 0 to i.</param>
/// <param name="Scale">Factor of the scores; null for 1/√(head size).</param>
internal sealed record MaskedFlashAttention(Tensor? Mask, bool Causal, double? Scale) : IFlashAttention
{
    /// <inheritdoc/>
    public (Tensor Output, Tensor LogSums) Forward(Tensor q, Tensor k, Tensor v) => Interop.FlashAttention(q, k, v, Mask, Causal, Scale);

    /// <inheritdoc/>
    public (Tensor Query, Tensor Key, Tensor Value) Backward(Tensor gradient, Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSums) =>
        Interop.FlashAttentionBackward(gradient, q, k, v, output, logSums, Mask, Causal, Scale);
}

/// <summary>In tiles: see <see cref="CausalTiles"/>.</summary>
/// <param name="Tiles">What the tiles share.</param>
/// <param name="Scale">Factor of the scores; null for 1/√(head size).</param>
internal sealed record TiledFlashAttention(CausalTiles Tiles, double? Scale) : IFlashAttention
{
    /// <inheritdoc/>
    public (Tensor Output, Tensor LogSums) Forward(Tensor q, Tensor k, Tensor v) => Tiles.Forward(q, k, v, Scale);

    /// <inheritdoc/>
    public (Tensor Query, Tensor Key, Tensor Value) Backward(Tensor gradient, Tensor q, Tensor k, Tensor v, Tensor output, Tensor logSums) =>
        CausalTiles.Backward(gradient, q, k, v, output, logSums, Scale);
}
