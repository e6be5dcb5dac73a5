namespace Alidade.Models.Generation.Processors;

/// <summary>Keeps tokens of probability at least ε, and always the best.</summary>
/// <remarks>Hewitt et al. 2022 (arXiv 2210.15191), §4.1.</remarks>
internal sealed class EpsilonCutoff(double epsilon, int keep) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history) => Selection.Below(scores, Softmax.LogSumExp(scores) + Math.Log(epsilon), keep);
}
