using Alidade.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using static TorchSharp.torch;

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
        return (result with { Loss = result.Loss / window.Count }).WithMetrics(("mean_entropy", packed.MeanWhere(statistics.Entropy, _ => true)!), ("ranking_accuracy", Accuracy(policy.detach(), rows)));
    }

    protected override IReadOnlyList<int> MarksOf(RankedTokens row) => [.. row.Scores.SelectMany(Fingerprints.Bits)];

    // Share of the pairs of answers with different scores whose mean log-probability of a token is in the order of their scores; a tie counts as wrong.
    private static Tensor Accuracy(Tensor policy, RankedTokens[] rows)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var values = policy.to(ScalarType.Float64).cpu().data<double>().ToArray();
        var (right, all, start) = (0, 0, 0);
        foreach (var row in rows)
        {
            double[] means = [.. row.Targets.Select((n, i) => values[start + i] / n)];
            for (var better = 0; better < means.Length; better++)
                for (var worse = better + 1; worse < means.Length; worse++)
                    if (row.Scores[better] > row.Scores[worse])
                        (right, all) = (right + (means[better] > means[worse] ? 1 : 0), all + 1);
            start += means.Length;
        }

        return full([], all == 0 ? double.NaN : (double)right / all, policy.dtype, policy.device).MoveToOuterDisposeScope();
    }
}
