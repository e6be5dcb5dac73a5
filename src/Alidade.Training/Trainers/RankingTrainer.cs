using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;

namespace Alidade.Training.Trainers;

/// <summary>Preference learning of a model, or of an adapter on it, on ranked lists of answers; each prompt is computed once for all of its answers.</summary>
public sealed record RankingTrainer : AnswerTrainer<RankedTokens>
{
    /// <summary>The objective. Default RRHF.</summary>
    public IRankingObjective Objective { get; init; } = new Rrhf();

    private protected override bool NeedsReference => Objective.NeedsReference;

    private protected override AnswerTask<RankedTokens> TaskOf(IReadOnlyList<RankedTokens> rows, Reference? reference, AnswerTask<RankedTokens>? training) =>
        new RankingTask(Model, Objective, reference, rows);
}
