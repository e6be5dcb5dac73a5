using System.Numerics.Tensors;

namespace Alidade.Models.Generation.Processors;

/// <summary>Keeps tokens whose probability is at least p times that of the best.</summary>
/// <remarks>Nguyen et al. 2024 (arXiv 2407.01082).</remarks>
internal sealed class MinP(double p, int keep) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history) =>
        Selection.Below(scores, TensorPrimitives.Max((ReadOnlySpan<float>)scores) + Math.Log(p), keep);
}
