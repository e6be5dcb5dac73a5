using Alidade.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reinforcement;

namespace Alidade.Training.Trainers;

/// <summary>Offline policy gradient of a model, or of an adapter on it, on answers that are there already (A-LoL).</summary>
/// <remarks>Baheti et al. 2023 (arXiv 2305.14718). Rows are seen in the order of the settings; the authors draw them in proportion to their advantage.</remarks>
public sealed record LeftoverLunchTrainer : AnswerTrainer<RewardedTokens>
{
    /// <summary>The objective.</summary>
    public ALol Objective { get; init; } = new();

    private protected override bool NeedsReference => Objective.NeedsReference;

    private protected override AnswerTask<RewardedTokens> TaskOf(IReadOnlyList<RewardedTokens> rows, Reference? reference, AnswerTask<RewardedTokens>? training) =>
        new LeftoverLunchTask(Model, Objective, reference, rows);
}

/// <summary>Answers with rewards under A-LoL.</summary>
internal sealed class LeftoverLunchTask(CausalLM model, ALol objective, Reference? reference, IReadOnlyList<RewardedTokens> rows)
    : AnswerTask<RewardedTokens>(model, objective, reference, rows, row => [new(row.Prompt, row.Answer)])
{
    public override string Name => objective.Name;

    public override Objective Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        var given = RowsOf(batch);
        var packed = AnswerBatch.Of(GroupsOf(batch));
        var (logProbs, statistics) = Model.LogProbsWithStatistics(packed.Forest);
        var grid = new AnswerGrid(packed.OwnerOfScored, given.Length);
        var policy = grid.Spread(logProbs);
        var kept = ReferenceOf(batch) is { } known ? grid.Spread(known.LogProbs.to(policy.dtype)) : null;
        var result = objective.Evaluate(
            PolicyTokens.Of(policy, kept ?? policy.detach(), grid.MaskLike(policy), kept), TokenLogProbs.Numbers(given.Select(r => r.Reward), policy), TokenLogProbs.Numbers(given.Select(r => r.Value), policy));
        return (result with { Loss = result.Loss / window.Count }).WithMetrics(("mean_entropy", statistics.Entropy.mean()));
    }

    protected override IReadOnlyList<int> MarksOf(RewardedTokens row) => [.. Fingerprints.Bits(row.Reward), .. Fingerprints.Bits(row.Value)];
}
