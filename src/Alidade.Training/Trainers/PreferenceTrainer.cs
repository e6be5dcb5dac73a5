using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Training.Trainers;

/// <summary>Preference learning of a model, or of an adapter on it, on pairs of answers.</summary>
/// <remarks>
/// Number for number TRL 1.16 <c>DPOTrainer</c>, <c>CPOTrainer</c> and <c>ORPOTrainer</c> on the same pairs, order and settings; each prompt is computed once for both of
/// its answers.
/// </remarks>
public sealed record PreferenceTrainer : AnswerTrainer<PairTokens>
{
    /// <summary>The objective. Default DPO.</summary>
    public IPreferenceObjective Objective { get; init; } = new Dpo();

    private protected override bool NeedsReference => Objective.Needs.HasFlag(PairInputs.Reference);

    private protected override AnswerTask<PairTokens> TaskOf(IReadOnlyList<PairTokens> rows, Reference? reference, AnswerTask<PairTokens>? training) =>
        new PreferenceTask(Model, Objective, reference, rows);
}
