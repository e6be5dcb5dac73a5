using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>The likelihood of a ranking, choice by choice: −Σ_{k&lt;K} log [e^{s_k} / Σ_{j≥k} e^{s_j}].</summary>
/// <remarks>Plackett 1975; Luce 1959.</remarks>
internal static class PlackettLuce
{
    /// <summary>Its negative logarithm, of shape [].</summary>
    /// <param name="scores">Scores of the answers, best first, [answers].</param>
    /// <param name="top">Only the first choices count, as many as this; null for all.</param>
    public static Tensor Loss(Tensor scores, int? top = null)
    {
        var answers = scores.size(0);
        var choices = Math.Min(top ?? answers, answers - 1);
        return stack(Enumerable.Range(0, (int)choices).Select(k => scores.narrow(0, k, answers - k).logsumexp(0) - scores[k])).sum();
    }
}
