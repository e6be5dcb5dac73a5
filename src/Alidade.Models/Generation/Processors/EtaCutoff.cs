namespace Alidade.Models.Generation.Processors;

/// <summary>Keeps tokens of probability at least min(η, √η · exp(−entropy)), and always the best.</summary>
/// <remarks>Hewitt et al. 2022 (arXiv 2210.15191), §4.2, with α = √η.</remarks>
internal sealed class EtaCutoff(double eta, int keep) : IScoreProcessor
{
    public void Apply(Span<float> scores, TokenHistory history)
    {
        var logSum = Softmax.LogSumExp(scores);
        var least = Math.Min(Math.Log(eta), (Math.Log(eta) / 2) - Softmax.Entropy(scores, logSum));
        Selection.Below(scores, logSum + least, keep);
    }
}
