using System.Runtime.InteropServices;
using Alidade.Core;
using Alidade.Models.Quantized;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Weights;

/// <summary>
/// How a file stores a tensor that the model holds otherwise. Reading goes in pieces through one small buffer, straight into the model's number type, so that
/// loading needs hardly more memory than the loaded model; writing is the inverse.
/// </summary>
internal abstract record TensorLayout
{
    /// <summary>Values read at a time: 16 MiB, enough work for all cores.</summary>
    private const long PieceValues = 1 << 22;

    /// <summary>As the model holds it.</summary>
    public static TensorLayout AsIs { get; } = new Same();

    /// <summary>A matrix with rows and columns exchanged.</summary>
    public static TensorLayout Transposed { get; } = new Exchanged();

    /// <summary>The values with a constant added, such as norms stored as 1 + w.</summary>
    public static TensorLayout Shifted(float by) => new Added(by);

    /// <summary>
    /// Rows of each head as pairs (0, d/2), (1, d/2 + 1), … where the model has the halves one after the other: query and key of GGUF files whose rotary turns
    /// neighbours.
    /// </summary>
    public static TensorLayout PairedRows(int heads) => new Paired(heads);

    /// <summary>The shape in the file of a tensor of this shape in the model.</summary>
    public virtual long[] ShapeInFile(long[] shape) => shape;

    /// <summary>Reads a tensor; its shape has been compared with <see cref="ShapeInFile"/>.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">The tensor's name in it.</param>
    /// <param name="shape">Its shape in the model.</param>
    /// <param name="type">Number type in the model.</param>
    /// <param name="device">Where it shall lie.</param>
    /// <returns>A tensor of the caller's.</returns>
    public Tensor Read(IWeightFile file, string name, long[] shape, ScalarType type, Device device)
    {
        var result = empty(shape, type, device).DetachFromDisposeScope();
        try
        {
            Fill(file, name, result);
            return result;
        }
        catch
        {
            result.Dispose();
            throw;
        }
    }

    /// <summary>Reads a tensor into one that is there; its shape has been compared with <see cref="ShapeInFile"/>.</summary>
    public void Fill(IWeightFile file, string name, Tensor result)
    {
        using var scope = NewDisposeScope();
        var inFile = ShapeInFile(result.shape);
        var columns = inFile.Skip(1).Aggregate(1L, (product, size) => product * size);
        var rows = inFile.Length == 0 ? 1 : inFile[0];
        if (rows == 0 || columns == 0)
            return;
        var atOnce = Math.Min(rows, Math.Max(1, PieceValues / columns / RowsTogether(rows)) * RowsTogether(rows));
        var direct = this is Same && result.dtype == ScalarType.Float32 && result.device_type == DeviceType.CPU;
        var buffer = direct ? null : empty([atOnce, columns], ScalarType.Float32);
        for (var first = 0L; first < rows; first += atOnce)
        {
            using var piece = NewDisposeScope();
            var count = Math.Min(atOnce, rows - first);
            var target = direct ? result.view(rows, columns).narrow(0, first, count) : buffer!.narrow(0, 0, count);
            file.ReadFloat32(name, first * columns, MemoryMarshal.Cast<byte, float>(target.bytes));
            if (!direct)
                Put(target, result, first);
        }
    }

    /// <summary>Packs a matrix as it is stored, its rows in the model's order, [out, in].</summary>
    /// <returns>Null where the format has to be decoded, or the layout changes the numbers.</returns>
    /// <exception cref="AlidadeException">A scale is infinite or not a number.</exception>
    public PackedMatrix? Pack(IWeightFile file, string name)
    {
        var entry = file.Tensors[name];
        if (entry.Shape.Count != 2 || BlockLayout.Of(entry.Format) is null || RowInFile(entry.Shape[0]) is not { } rowInFile)
            return null;
        var blocks = file.Blocks(name);
        var matrix = PackedMatrix.Pack(entry.Format, checked((int)entry.Shape[0]), checked((int)entry.Shape[1]), row => blocks.Span(rowInFile(row), 1), $"{file.Path}: tensor '{name}'");
        blocks.Release();
        return matrix;
    }

    /// <summary>A tensor of the model as the file stores it.</summary>
    public virtual Tensor InFile(Tensor value) => value.alias();

    /// <summary>The row of the file that is a given row of [out, in]; null where the numbers are not whole rows of the file.</summary>
    protected virtual Func<int, int>? RowInFile(long rows) => null;

    /// <summary>Rows that are reordered among themselves.</summary>
    protected virtual long RowsTogether(long rows) => 1;

    /// <summary>Puts rows of the file, [count, columns] from <paramref name="first"/> on, into their place in the model's tensor.</summary>
    protected virtual void Put(Tensor rows, Tensor model, long first) => model.view(-1, rows.size(1)).narrow(0, first, rows.size(0)).copy_(rows);

    private sealed record Same : TensorLayout
    {
        protected override Func<int, int>? RowInFile(long rows) => row => row;
    }

    private sealed record Exchanged : TensorLayout
    {
        public override long[] ShapeInFile(long[] shape) => [.. shape.Reverse()];

        public override Tensor InFile(Tensor value) => value.t();

        protected override Func<int, int>? RowInFile(long rows) => row => row;

        protected override void Put(Tensor rows, Tensor model, long first) => model.narrow(1, first, rows.size(0)).copy_(rows.t());
    }

    private sealed record Added(float By) : TensorLayout
    {
        public override Tensor InFile(Tensor value) => value + By;

        protected override void Put(Tensor rows, Tensor model, long first) => base.Put(rows - By, model, first);
    }

    private sealed record Paired(int Heads) : TensorLayout
    {
        public override Tensor InFile(Tensor value) => value.view(Heads, 2, -1, Columns(value)).transpose(1, 2).reshape(value.shape);

        protected override Func<int, int>? RowInFile(long rows)
        {
            var size = (int)(rows / Heads);
            return row => row - (row % size) + (row % size * 2 % size) + (row % size * 2 / size);
        }

        protected override long RowsTogether(long rows) => rows / Heads;

        protected override void Put(Tensor rows, Tensor model, long first) =>
            base.Put(rows.view(-1, RowsTogether(model.size(0)) / 2, 2, rows.size(1)).transpose(1, 2).reshape(rows.size(0), rows.size(1)), model, first);

        private static long Columns(Tensor value) => value.numel() / value.size(0);
    }
}
