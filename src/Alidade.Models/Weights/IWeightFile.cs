using Alidade.Core;

namespace Alidade.Models.Weights;

/// <summary>One tensor as a file describes it.</summary>
/// <param name="Name">Its name in the file.</param>
/// <param name="Shape">Row-major: the last dimension is contiguous. Empty for a scalar.</param>
/// <param name="Format">How the numbers are stored, as the file's own specification names it: F32, BF16, I64, Q4_1.</param>
/// <param name="Bytes">Bytes in the file.</param>
public sealed record TensorEntry(string Name, IReadOnlyList<long> Shape, string Format, long Bytes)
{
    /// <summary>Values in the tensor: the product of its dimensions, 1 for a scalar.</summary>
    public long Count { get; } = Shape.Aggregate(1L, (product, size) => checked(product * size));
}

/// <summary>
/// A file (or a folder of files) of named tensors, memory-mapped: opening reads the header only, and a tensor costs memory when it is read.
/// </summary>
/// <remarks>
/// Everything the header claims is checked against the file's size when it is opened; no later read can leave the file. Reads may run on several threads
/// at once; none may run during or after <see cref="IDisposable.Dispose"/>. The file must not be shortened while it is open.
/// </remarks>
public interface IWeightFile : IDisposable
{
    /// <summary>The file or folder that was opened.</summary>
    string Path { get; }

    /// <summary>The tensors by name, in the order in which their data lie.</summary>
    IReadOnlyDictionary<string, TensorEntry> Tensors { get; }

    /// <summary>
    /// Reads a tensor as 32-bit floats. 16-bit floats and block formats give exactly the number that the format defines; F64 and integers beyond ±2²⁴
    /// are rounded to the nearest.
    /// </summary>
    /// <param name="name">A name in <see cref="Tensors"/>.</param>
    /// <param name="destination">As long as the tensor has values.</param>
    /// <exception cref="AlidadeException">There is no tensor of that name.</exception>
    /// <exception cref="NotBuiltException">The tensor's format is not one that Alidade reads yet.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    void ReadFloat32(string name, Span<float> destination);

    /// <summary>Reads a part of a tensor as 32-bit floats, counted in row-major order.</summary>
    /// <param name="name">A name in <see cref="Tensors"/>.</param>
    /// <param name="first">The first value, at the start of a block.</param>
    /// <param name="destination">As long as the values wanted, a whole number of blocks.</param>
    /// <exception cref="AlidadeException">There is no tensor of that name.</exception>
    /// <exception cref="NotBuiltException">The tensor's format is not one that Alidade reads yet.</exception>
    /// <exception cref="ArgumentException">The part is not in the tensor, or cuts a block.</exception>
    void ReadFloat32(string name, long first, Span<float> destination);

    /// <summary>Reads a tensor as 64-bit floats, each value as the format defines it.</summary>
    /// <inheritdoc cref="ReadFloat32(string, Span{float})"/>
    void ReadFloat64(string name, Span<double> destination);

    /// <summary>Reads a tensor of integers or booleans.</summary>
    /// <param name="name">A name in <see cref="Tensors"/>.</param>
    /// <param name="destination">As long as the tensor has values.</param>
    /// <exception cref="AlidadeException">There is no tensor of that name, it does not hold integers, or a value is beyond a signed 64-bit integer.</exception>
    /// <exception cref="ArgumentException">The destination has another length.</exception>
    void ReadInt64(string name, Span<long> destination);

    /// <summary>The tensor's bytes in the mapped file, valid until the file is disposed.</summary>
    /// <exception cref="AlidadeException">There is no tensor of that name, or it is longer than a span can be (2 GiB).</exception>
    ReadOnlySpan<byte> Raw(string name);

    /// <summary>The tensor's stored blocks, row by row, for whoever computes with them as they are.</summary>
    /// <exception cref="AlidadeException">There is no tensor of that name.</exception>
    TensorBlocks Blocks(string name);
}
