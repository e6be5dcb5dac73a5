using Alidade.Core.Statistics.Correlation;

namespace Alidade.Evaluation.Behaviour;

/// <summary>
/// How far answers of one model contradict each other, where none of them need be known to be right. Every violation lies in [0, 1]; 0 is consistent.
/// </summary>
/// <remarks>Fluri, Paleka and Tramèr 2023 (arXiv 2306.09983). A violation above a threshold is called strong there.</remarks>
public static class ConsistencyViolations
{
    /// <summary>Negation: |p(A) + p(¬A) − 1|.</summary>
    public static double Negation(double statement, double negation) => Math.Abs(statement + negation - 1);

    /// <summary>Paraphrase: max p − min p over wordings of one question.</summary>
    public static double Paraphrase(IReadOnlyCollection<double> wordings) => wordings.Max() - wordings.Min();

    /// <summary>Monotonicity: (1 − ρ)/2, ρ Spearman's correlation of the answers with the order that they should have.</summary>
    /// <param name="answers">Answers in an order in which they should rise.</param>
    /// <returns>NaN when all answers are equal.</returns>
    public static double Monotonicity(IReadOnlyList<double> answers) => (1 - SpearmanCorrelation.Of([.. Enumerable.Range(0, answers.Count).Select(i => (double)i)], answers).Value) / 2;

    /// <summary>Bayes' rule: √|P(A|B)P(B) − P(B|A)P(A)|.</summary>
    /// <param name="aGivenB">P(A|B).</param>
    /// <param name="b">P(B).</param>
    /// <param name="bGivenA">P(B|A).</param>
    /// <param name="a">P(A).</param>
    public static double Bayes(double aGivenB, double b, double bGivenA, double a) => Math.Sqrt(Math.Abs((aGivenB * b) - (bGivenA * a)));

    /// <summary>Implication A ⇒ B: max(0, p(A) − p(B)).</summary>
    public static double Implication(double premise, double conclusion) => Math.Max(0, premise - conclusion);
}
