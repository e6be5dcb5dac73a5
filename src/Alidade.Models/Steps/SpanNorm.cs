using System.Numerics.Tensors;
using Alidade.Models.Architecture;

namespace Alidade.Models.Steps;

/// <summary>A <see cref="Norm"/> on memory.</summary>
internal sealed class SpanNorm
{
    private readonly NormKind kind;
    private readonly float epsilon;
    private readonly float offset;
    private readonly FloatMemory? gain;
    private readonly FloatMemory? shift;

    private SpanNorm(Norm norm, double epsilon, FloatMemory? gain, FloatMemory? shift) =>
        (kind, this.epsilon, offset, this.gain, this.shift) = (norm.Kind, (float)epsilon, (float)norm.Offset, gain, shift);

    /// <summary>The same norm; null where its weights are of a kind that is not computed here.</summary>
    public static SpanNorm? Of(Norm norm, double epsilon) =>
        FloatMemory.TryOf(norm.Weight, out var gain) && FloatMemory.TryOf(norm.Bias, out var shift) ? new(norm, epsilon, gain, shift) : null;

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
        // y·(offset + g)
        if (gain is not null && offset == 0)
            TensorPrimitives.Multiply(y, gain.Span, y);
        else if (gain is not null)
            Scale(y, gain.Span, offset);
        if (shift is not null)
            TensorPrimitives.Add(y, shift.Span, y);
    }

    private static void Scale(Span<float> y, ReadOnlySpan<float> gain, float offset)
    {
        for (var i = 0; i < y.Length; i++)
            y[i] *= offset + gain[i];
    }
}
