using System.Runtime.InteropServices;
using Alidade.Core;
using Alidade.Models.Steps;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Quantized;

/// <summary>Packed weights among tensors: products, and decoded rows.</summary>
internal static unsafe class PackedLinear
{
    /// <summary>Rows that are rounded before they are multiplied: their codes stay in the cache of a core.</summary>
    private const int RowsAtOnce = 512;

    /// <summary>Tiles that a thread takes at a time.</summary>
    private const int TilesAtOnce = 4;

    [ThreadStatic]
    private static QuantizedActivations? activations;

    /// <summary>xŴᵀ + b with x rounded to bytes; see <see cref="PackedProduct"/>.</summary>
    /// <param name="x">[.., in], float32.</param>
    /// <param name="weight">W.</param>
    /// <param name="bias">[out], or null.</param>
    /// <returns>[.., out]; without gradient.</returns>
    /// <exception cref="AlidadeException">A gradient is wanted.</exception>
    public static Tensor Apply(Tensor x, PackedMatrix weight, Tensor? bias)
    {
        if (x.requires_grad && is_grad_enabled())
            throw new AlidadeException($"the weights are held as stored ({weight.Format}), for inference only; load the model with its weights decoded (float32) to train it or to ask for gradients");
        if (x.dtype != ScalarType.Float32 || x.device_type != DeviceType.CPU || x.size(-1) != weight.Columns)
            throw new ArgumentException($"[.., {x.size(-1)}] of {x.dtype} on {x.device_type} cannot be multiplied by {weight.Rows} rows of {weight.Columns} numbers in {weight.Format}", nameof(x));
        using var scope = NewDisposeScope();
        var input = x.contiguous();
        var sizes = x.shape;
        sizes[^1] = weight.Rows;
        var y = empty(sizes, ScalarType.Float32);
        fixed (byte* from = input.bytes, to = y.bytes)
            Multiply((float*)from, checked((int)(input.numel() / weight.Columns)), weight, (float*)to);
        if (bias is not null)
            y.add_(bias);
        return y.MoveToOuterDisposeScope();
    }

    /// <summary>Rows of a packed table.</summary>
    /// <param name="table">[entries, width].</param>
    /// <param name="rows">[count], int64.</param>
    /// <returns>[count, width].</returns>
    public static Tensor Rows(PackedMatrix table, Tensor rows)
    {
        var wanted = rows.data<long>().ToArray();
        var result = empty([wanted.Length, table.Columns], ScalarType.Float32);
        var values = MemoryMarshal.Cast<byte, float>(result.bytes);
        for (var i = 0; i < wanted.Length; i++)
            table.Decode(checked((int)wanted[i]), values.Slice(i * table.Columns, table.Columns));
        return result;
    }

    /// <summary>The whole matrix as a new tensor.</summary>
    /// <param name="matrix">[out, in].</param>
    /// <param name="inputMajor">True for [in, out].</param>
    public static Tensor Decode(PackedMatrix matrix, bool inputMajor)
    {
        using var scope = NewDisposeScope();
        var result = empty([matrix.Rows, matrix.Columns], ScalarType.Float32);
        fixed (byte* to = result.bytes)
            Workers.Run(new Decoding(matrix, (float*)to), matrix.Rows, 64);
        return (inputMajor ? result.t().contiguous() : result).MoveToOuterDisposeScope();
    }

    /// <summary>Y = X̂Ŵᵀ on memory.</summary>
    public static void Multiply(float* x, int rows, PackedMatrix weight, float* y)
    {
        var rounded = activations ??= new();
        for (var first = 0; first < rows; first += RowsAtOnce)
        {
            var count = Math.Min(RowsAtOnce, rows - first);
            rounded.Reset(count, weight.Columns);
            Workers.Run(new Rounding(rounded, x + ((long)first * weight.Columns)), count, 64);
            var product = new Product(weight, rounded, y + ((long)first * weight.Rows));
            // The head of a decoding step: its helpers still spin, and the library's threads would wait for their core.
            if (rows <= StepDecoder.MostPackedRows)
                SpinningTeam.Run(product, weight.Tiles, TilesAtOnce, (long)count * weight.Rows * weight.Columns, get_num_threads());
            else
                Workers.Run(product, weight.Tiles, TilesAtOnce);
        }
    }

    private sealed class Rounding(QuantizedActivations rounded, float* x) : IPieces
    {
        public void Run(int from, int to)
        {
            for (var row = from; row < to; row++)
                rounded.Quantize(row, new(x + ((long)row * rounded.Columns), rounded.Columns));
        }
    }

    private sealed class Product(PackedMatrix weight, QuantizedActivations x, float* y) : IPieces
    {
        public void Run(int from, int to) => PackedProduct.Tiles(weight, x, y, weight.Rows, from, to, PackedProduct.Best);
    }

    private sealed class Decoding(PackedMatrix matrix, float* values) : IPieces
    {
        public void Run(int from, int to)
        {
            for (var row = from; row < to; row++)
                matrix.Decode(row, new(values + ((long)row * matrix.Columns), matrix.Columns));
        }
    }
}
