using System.Numerics.Tensors;
using Alidade.Models.Architecture;
using Alidade.Models.Quantized;

namespace Alidade.Models.Steps;

/// <summary>A <see cref="Linear"/> on memory, in tiles of outputs that threads can share.</summary>
internal abstract unsafe class StepLinear(int outputs, int inputs, FloatMemory? bias)
{
    /// <summary>Outputs of a tile.</summary>
    public const int TileRows = PackedMatrix.TileRows;

    /// <summary>The same projection; null where its weights are of a kind that is not computed here, or an adapter stands beside them.</summary>
    public static StepLinear? Of(Linear linear)
    {
        if (linear.Update is not null || !FloatMemory.TryOf(linear.Bias, out var bias))
            return null;
        if (linear.Packed is { } packed)
            return new PackedStepLinear(packed, bias);
        return !linear.InputMajor && FloatMemory.TryOf(linear.Weight, out var weight) ? new FloatStepLinear(weight!, (int)linear.Outputs, (int)linear.Inputs, bias) : null;
    }

    /// <summary>Outputs.</summary>
    public int Outputs => outputs;

    /// <summary>Inputs.</summary>
    public int Inputs => inputs;

    /// <summary>Tiles of outputs.</summary>
    public int Tiles => (outputs + TileRows - 1) / TileRows;

    /// <summary>Multiply-adds for one row.</summary>
    public long MultiplyAdds => (long)outputs * inputs;

    /// <summary>The outputs of some tiles for all rows.</summary>
    /// <param name="x">The inputs.</param>
    /// <param name="y">Where the first row's outputs go.</param>
    /// <param name="stride">Numbers from one row of y to the next.</param>
    /// <param name="from">First tile.</param>
    /// <param name="to">Tile after the last.</param>
    public void Run(StepInput x, float* y, int stride, int from, int to)
    {
        Product(x, y, stride, from, to);
        if (bias is null)
            return;
        var (first, end) = (from * TileRows, Math.Min(to * TileRows, outputs));
        for (var row = 0; row < x.Rows; row++)
        {
            var part = new Span<float>(y + ((long)row * stride) + first, end - first);
            TensorPrimitives.Add(part, bias.Span.Slice(first, part.Length), part);
        }
    }

    /// <summary>The same without the bias.</summary>
    protected abstract void Product(StepInput x, float* y, int stride, int from, int to);
}

/// <summary>A projection whose weights are packed as their file stores them.</summary>
internal sealed unsafe class PackedStepLinear(PackedMatrix weight, FloatMemory? bias) : StepLinear(weight.Rows, weight.Columns, bias)
{
    /// <inheritdoc/>
    protected override void Product(StepInput x, float* y, int stride, int from, int to) => PackedProduct.Tiles(weight, x.Rounded, y, stride, from, to, PackedProduct.Best);
}

/// <summary>A projection with float32 weights, [out, in].</summary>
internal sealed unsafe class FloatStepLinear(FloatMemory weight, int outputs, int inputs, FloatMemory? bias) : StepLinear(outputs, inputs, bias)
{
    /// <inheritdoc/>
    protected override void Product(StepInput x, float* y, int stride, int from, int to) =>
        FloatProduct.Run(weight.Start, Inputs, x.Values, x.Rows, y, stride, from * TileRows, Math.Min(to * TileRows, Outputs));
}
