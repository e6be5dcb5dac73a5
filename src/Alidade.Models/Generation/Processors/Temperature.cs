using System.Numerics.Tensors;

namespace Alidade.Models.Generation.Processors;

/// <summary>Divides the scores: below 1 sharpens the distribution, above 1 flattens it.</summary>
internal sealed class Temperature(double temperature) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history) => TensorPrimitives.Divide(scores, (float)temperature, scores);
}
