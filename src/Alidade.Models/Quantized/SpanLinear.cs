using System.Numerics.Tensors;
using Alidade.Models.Architecture;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Alidade.Models.Quantized;

/// <summary>A <see cref="Linear"/> with packed weights on memory.</summary>
internal sealed unsafe class SpanLinear(PackedMatrix weight, float[]? bias)
{
    /// <summary>The same projection; null where its weights are not packed.</summary>
    public static SpanLinear? Of(Linear linear) => linear.Packed is { } packed ? new(packed, Values(linear.Bias)) : null;

    /// <summary>Outputs.</summary>
    public int Outputs => weight.Rows;

    /// <summary>Tiles of outputs.</summary>
    public int Tiles => weight.Tiles;

    /// <summary>Multiply-adds for one row.</summary>
    public long MultiplyAdds => (long)weight.Rows * weight.Columns;

    /// <summary>The outputs of some tiles for all rows.</summary>
    /// <param name="x">The rounded inputs.</param>
    /// <param name="y">Where the first row's outputs go.</param>
    /// <param name="stride">Numbers from one row of y to the next.</param>
    /// <param name="from">First tile.</param>
    /// <param name="to">Tile after the last.</param>
    public void Run(QuantizedActivations x, float* y, int stride, int from, int to)
    {
        PackedProduct.Tiles(weight, x, y, stride, from, to, PackedProduct.Best);
        if (bias is null)
            return;
        var (first, end) = (from * PackedMatrix.TileRows, Math.Min(to * PackedMatrix.TileRows, weight.Rows));
        for (var row = 0; row < x.Rows; row++)
        {
            var part = new Span<float>(y + ((long)row * stride) + first, end - first);
            TensorPrimitives.Add(part, bias.AsSpan(first, part.Length), part);
        }
    }

    /// <summary>A small tensor's numbers; null for null.</summary>
    public static float[]? Values(Tensor? tensor)
    {
        using var scope = NewDisposeScope();
        return tensor?.detach().to(ScalarType.Float32).flatten().data<float>().ToArray();
    }
}
