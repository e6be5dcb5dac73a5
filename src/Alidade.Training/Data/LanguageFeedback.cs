using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Training.Objectives.Supervised;

namespace Alidade.Training.Data;

/// <summary>
/// Imitation learning from language feedback (ILF): a model that refines answers by feedback is trained on <see cref="ToRefine"/>; the policy is trained on the refinements as if they
/// were its first answers, <see cref="ToAnswer"/>.
/// </summary>
/// <remarks>
/// Scheurer et al. 2023 (arXiv 2303.16755), algorithm 1. Left out here: several refinements for one feedback and the choice among them by a reward model (the rows hold the
/// chosen ones, whose rewards can become weights), and the rounds, which are a loop around this.
/// </remarks>
public static class LanguageFeedback
{
    /// <summary>Prompt → refinement.</summary>
    /// <param name="rows">Refinements.</param>
    /// <param name="beta">β of exponential weights from the rewards, with a mean of 1 (<see cref="SampleWeights.Exponential"/>); null for equal weights.</param>
    /// <exception cref="AlidadeException">There are no rows, or weights are asked for and one has no reward.</exception>
    public static IReadOnlyList<Demonstration> ToAnswer(IReadOnlyList<Refinement> rows, double? beta = null)
    {
        var weights = beta is { } b ? SampleWeights.Exponential([.. Needed(rows).Select(r => r.Reward ?? throw new AlidadeException($"row '{r.Id}' has no reward to weigh it by; give the field 'reward'"))], b) : null;
        return [.. Needed(rows).Select((r, i) => new CompletionDemonstration(r.Id, r.Prompt, r.Refined) { Weight = weights is null ? 1 : weights[i] * rows.Count })];
    }

    /// <summary>Prompt, first answer and feedback → refinement.</summary>
    /// <exception cref="AlidadeException">There are no rows, or one has no feedback.</exception>
    public static IReadOnlyList<Demonstration> ToRefine(IReadOnlyList<Refinement> rows) => [.. Needed(rows).Select(r => new CompletionDemonstration(r.Id, Asked(r), r.Refined))];

    private static Prompt Asked(Refinement row)
    {
        var feedback = row.Feedback ?? throw new AlidadeException($"row '{row.Id}' has no feedback, from which a refinement could be learned; give the field 'feedback'");
        return row.Prompt.Text is { } text
            ? Prompt.OfText($"{text}\n\nAnswer: {row.Answer}\n\nFeedback: {feedback}\n\nRefined answer:")
            : Prompt.OfMessages([.. row.Prompt.Messages!, new Message("assistant", row.Answer), new Message("user", $"Feedback: {feedback}\n\nRefine your answer.")]);
    }

    private static IReadOnlyList<Refinement> Needed(IReadOnlyList<Refinement> rows) => rows.Count > 0 ? rows : throw new AlidadeException("there are no refinements to learn from");
}
