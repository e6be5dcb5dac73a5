using System.Runtime.InteropServices;
using Alidade.Core;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <summary>Tensors to and from safetensors files.</summary>
public static class TensorFiles
{
    /// <summary>Writes tensors, whole or not at all.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="tensors">Floating-point or int64 tensors by name.</param>
    /// <param name="format">"F32", "F16" or "BF16" for floating-point tensors; int64 and uint8 tensors keep their type, float64 too.</param>
    /// <param name="metadata">Free text for the header.</param>
    /// <exception cref="AlidadeException">A number does not fit the format; the tensor is named, and nothing is written.</exception>
    public static void Write(string path, IEnumerable<(string Name, Tensor Value)> tensors, string format = "F32", IReadOnlyDictionary<string, string>? metadata = null) =>
        SafetensorsWriter.Write(path, tensors.Select(t => Source(t.Name, t.Value, format)), metadata);

    /// <summary>Reads all tensors of a file, floating-point ones as float32.</summary>
    /// <returns>Tensors by name; the caller disposes them.</returns>
    public static OrderedDictionary<string, Tensor> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        var result = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        using var noGrad = no_grad();
        foreach (var entry in file.Tensors.Values)
        {
            var kind = entry.Format switch { "I64" => ScalarType.Int64, "U8" => ScalarType.Byte, "F64" => ScalarType.Float64, _ => ScalarType.Float32 };
            var value = empty(entry.Shape.ToArray(), kind).DetachFromDisposeScope();
            if (kind == ScalarType.Float32)
                file.ReadFloat32(entry.Name, MemoryMarshal.Cast<byte, float>(value.bytes));
            else
                file.Raw(entry.Name).CopyTo(value.bytes);
            result.Add(entry.Name, value);
        }

        return result;
    }

    /// <summary>A tensor as something to be written.</summary>
    internal static TensorSource Source(string name, Tensor value, string format)
    {
        var (stored, kind) = value.dtype switch
        {
            ScalarType.Int64 => ("I64", ScalarType.Int64),
            ScalarType.Byte => ("U8", ScalarType.Byte),
            ScalarType.Float64 => ("F64", ScalarType.Float64),
            _ => format switch
            {
                "F32" => ("F32", ScalarType.Float32),
                "F16" => ("F16", ScalarType.Float16),
                "BF16" => ("BF16", ScalarType.BFloat16),
                _ => throw new AlidadeException($"number format '{format}' is not known; known are F32, F16, BF16"),
            },
        };
        if (kind == ScalarType.Float16)
            CheckRange(name, value);
        return new(name, value.shape, stored, stream => Write(value, kind, stream));
    }

    // From here on a number is rounded to infinity, halfway beyond the largest of F16. No number is not below it either.
    private static void CheckRange(string name, Tensor value)
    {
        const double TooLarge = 65520;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        if (value.numel() > 0 && Math.Max(value.max().ToDouble(), -value.min().ToDouble()) is var largest && !(largest < TooLarge))
            throw new AlidadeException(FormattableString.Invariant($"tensor '{name}' holds a number of size {largest:g6}, which F16 cannot (at most 65504); write F32 or BF16"));
    }

    // In pieces, because a span of bytes ends at 2 GiB, and so that a conversion needs no second copy of the tensor.
    private static void Write(Tensor value, ScalarType kind, Stream stream)
    {
        const long Piece = 1 << 22;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var rows = value.detach().reshape(value.dim() == 0 ? 1 : value.size(0), -1);
        var atOnce = Math.Max(1, Piece / Math.Max(1, rows.size(1)));
        for (var first = 0L; first < rows.size(0); first += atOnce)
        {
            using var piece = NewDisposeScope();
            stream.Write(rows.narrow(0, first, Math.Min(atOnce, rows.size(0) - first)).cpu().to(kind).contiguous().bytes);
        }
    }
}
