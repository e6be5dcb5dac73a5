using Alidade.Models.Architecture;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>Who sees whom in one forward pass; the decoder computes queries, keys and values and leaves the rest to it.</summary>
internal interface IAttention : IDisposable
{
    /// <summary>[rows, positions], int64.</summary>
    Tensor Positions { get; }

    /// <summary>Longest position of the whole batch plus one.</summary>
    long Length { get; }

    /// <summary>softmax(s·qkᵀ + mask)·v for every head.</summary>
    /// <param name="layer">Number of the block.</param>
    /// <param name="q">[rows, positions, heads, head size].</param>
    /// <param name="k">[rows, positions, key heads, head size].</param>
    /// <param name="v">[rows, positions, key heads, head size].</param>
    /// <param name="tape">What is kept for backward; null where the graph keeps what it needs.</param>
    /// <returns>[rows, positions, heads, head size].</returns>
    Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, BlockTape? tape = null);
}

/// <summary>Attention that can be taken apart, for the explicit path.</summary>
internal interface IAttentionInSteps : IAttention
{
    /// <summary>The keys and values that the new queries may see: the new ones, behind those that are kept.</summary>
    /// <param name="layer">Number of the block.</param>
    /// <param name="k">[rows, positions, key heads, head size].</param>
    /// <param name="v">[rows, positions, key heads, head size].</param>
    /// <returns>[rows, keys, key heads, head size] each.</returns>
    (Tensor Keys, Tensor Values) Extended(int layer, Tensor k, Tensor v);

    /// <summary>The additive mask of a layer, which broadcasts to [rows, heads, queries, keys]; null for plain causal.</summary>
    Tensor? Mask(int layer);
}
