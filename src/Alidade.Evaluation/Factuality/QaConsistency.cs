namespace Alidade.Evaluation.Factuality;

/// <summary>One question about a summary: the answer found in the summary and the answer found in the document.</summary>
/// <param name="SummaryAnswer">The answer in the summary.</param>
/// <param name="DocumentAnswer">The answer in the document; null when the document does not answer it.</param>
public sealed record AnsweredQuestion(string SummaryAnswer, string? DocumentAnswer)
{
    /// <summary>F1 of both answers; 0 for a question that the document does not answer.</summary>
    public double F1 => DocumentAnswer is null ? 0 : Squad.F1(DocumentAnswer, SummaryAnswer);
}

/// <summary>
/// Consistency of a summary by questions and answers: questions are made from the summary, answered from the document, and both answers compared. The score is the mean
/// F1 over the questions.
/// </summary>
/// <remarks>After QAGS (Wang et al. 2020, arXiv 2004.04228) and QAFactEval (Fabbri et al. 2022, arXiv 2112.08542), which compares answers by a trained metric (LERC)
/// instead of F1.</remarks>
public static class QaConsistency
{
    /// <summary>The score of a summary; null when no question was made.</summary>
    public static double? Score(IReadOnlyCollection<AnsweredQuestion> questions) => questions.Count == 0 ? null : questions.Average(q => q.F1);
}
