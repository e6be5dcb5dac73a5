using Alidade.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives;

namespace Alidade.Training.Trainers;

/// <summary>Ranked lists under an objective on such lists; the prompt of a list is computed once for all of its answers.</summary>
internal sealed class RankingTask(CausalLM model, IRankingObjective objective, Reference? reference, IReadOnlyList<RankedTokens> rows)
    : AnswerTask<RankedTokens>(model, objective, reference, rows, row => [new(row.Prompt, row.Answers)])
{
    public override string Name => objective.Name;

    public override Objective Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        var rows = RowsOf(batch);
        var packed = AnswerBatch.Of(GroupsOf(batch));
        var (logProbs, statistics) = Model.LogProbsWithStatistics(packed.Forest);
        var policy = packed.Sums(logProbs).narrow(0, 0, packed.Answers);
        var reference = ReferenceOf(batch)?.RowSums().to(policy.dtype);
        var result = objective.Evaluate(RankedLogProbs.Of(policy, reference, [.. rows.Select(r => r.Targets)], [.. rows.Select(r => r.Scores)]));
        // Every micro-batch of a window has one vote, whatever its number of lists.
        return (result with { Loss = result.Loss / window.Count }).WithMetrics(("mean_entropy", packed.MeanWhere(statistics.Entropy, _ => true)!));
    }

    protected override IReadOnlyList<int> MarksOf(RankedTokens row) => [.. row.Scores.SelectMany(Fingerprints.Bits)];
}
