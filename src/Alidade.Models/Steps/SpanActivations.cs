using System.Numerics.Tensors;
using Alidade.Models.Architecture;

namespace Alidade.Models.Steps;

/// <summary>The MLP's non-linearities on memory, in place.</summary>
internal static class SpanActivations
{
    private const int Step = 256;

    public static void Apply(Activation activation, Span<float> x)
    {
        Span<float> other = stackalloc float[Step];
        for (; x.Length > 0; x = x[Math.Min(Step, x.Length)..])
        {
            var part = x[..Math.Min(Step, x.Length)];
            var work = other[..part.Length];
            switch (activation)
            {
                case Activation.Silu:
                    TensorPrimitives.Sigmoid<float>(part, work);
                    TensorPrimitives.Multiply(part, work, part);
                    break;
                case Activation.GeluTanh:
                    // ½x(1 + tanh(√(2/π)(x + 0.044715x³)))
                    TensorPrimitives.Multiply<float>(part, part, work);
                    TensorPrimitives.Multiply(work, 0.044715f, work);
                    TensorPrimitives.Add(work, 1, work);
                    TensorPrimitives.Multiply(work, part, work);
                    TensorPrimitives.Multiply(work, MathF.Sqrt(2 / MathF.PI), work);
                    TensorPrimitives.Tanh<float>(work, work);
                    TensorPrimitives.Add(work, 1, work);
                    TensorPrimitives.Multiply(part, work, part);
                    TensorPrimitives.Multiply(part, 0.5f, part);
                    break;
                case Activation.Relu:
                    TensorPrimitives.Max<float>(part, 0, part);
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(activation), activation, "not computed here");
            }
        }
    }
}
