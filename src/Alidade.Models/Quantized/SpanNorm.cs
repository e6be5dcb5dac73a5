using System.Numerics.Tensors;
using Alidade.Models.Architecture;

namespace Alidade.Models.Quantized;

/// <summary>A <see cref="Norm"/> on memory.</summary>
internal sealed class SpanNorm
{
    private readonly NormKind kind;
    private readonly float epsilon;
    private readonly float[]? gain;
    private readonly float[]? shift;

    public SpanNorm(Norm norm, double epsilon)
    {
        (kind, this.epsilon) = (norm.Kind, (float)epsilon);
        (gain, shift) = (SpanLinear.Values(norm.Weight), SpanLinear.Values(norm.Bias));
        if (gain is not null && norm.Offset != 0)
            TensorPrimitives.Add(gain, (float)norm.Offset, gain);
    }

    /// <param name="x">[n·width].</param>
    /// <param name="y">As long; may be x.</param>
    /// <param name="width">What is normalised at a time.</param>
    public void Apply(ReadOnlySpan<float> x, Span<float> y, int width)
    {
        for (; x.Length > 0; x = x[width..], y = y[width..])
            One(x[..width], y[..width]);
    }

    private void One(ReadOnlySpan<float> x, Span<float> y)
    {
        if (kind == NormKind.Layer)
        {
            TensorPrimitives.Subtract(x, TensorPrimitives.Sum(x) / x.Length, y);
            x = y;
        }

        TensorPrimitives.Multiply(x, 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares(x) / x.Length) + epsilon), y);
        if (gain is not null)
            TensorPrimitives.Multiply(y, gain, y);
        if (shift is not null)
            TensorPrimitives.Add(y, shift, y);
    }
}
