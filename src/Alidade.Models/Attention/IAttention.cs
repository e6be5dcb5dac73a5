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
    /// <returns>[rows, positions, heads, head size].</returns>
    Tensor Attend(int layer, Tensor q, Tensor k, Tensor v);
}
