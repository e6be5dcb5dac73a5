using Alidade.Evaluation.Engine;

namespace Alidade.Evaluation.Likelihood;

/// <summary>The choice of highest log-likelihood per character.</summary>
/// <remarks>lm-evaluation-harness's <c>acc_norm</c>: code points of the choice, without the space in front of it; the first of equals.</remarks>
internal static class LengthNormalised
{
    /// <summary>The choice; null when choices were not scored.</summary>
    public static int? Chosen(Choice choice, IReadOnlyList<string> texts) => choice.Scores is not { } scores ? null
        : Enumerable.Range(0, texts.Count).MaxBy(i => scores[i].LogProb / texts[i].EnumerateRunes().Count());
}
