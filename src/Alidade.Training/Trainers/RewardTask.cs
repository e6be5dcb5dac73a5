using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Answers whose scores are learned, under an objective on scores; each prompt is computed once for all of its answers.</summary>
internal sealed class RewardTask : ITrainingTask
{
    private readonly CausalLM model;
    private readonly IRewardObjective objective;
    private readonly IReadOnlyList<RewardTokens> rows;
    private readonly OrdinalCuts? cuts;

    public RewardTask(CausalLM model, IRewardObjective objective, IReadOnlyList<RewardTokens> rows, OrdinalCuts? cuts)
    {
        (this.model, this.objective, this.rows, this.cuts) = (model, objective, rows, cuts);
        foreach (var row in rows)
            if (Problem(row) is { } problem)
                throw new AlidadeException($"row '{row.Id}' {problem}, and '{objective.Name}' needs {Needed}");
        Fingerprint = new Dictionary<string, string>
        {
            ["objective"] = Fingerprints.Of(objective),
            ["rows"] = Fingerprints.Of(rows.SelectMany(r => (IReadOnlyList<int>[])[r.Prompt, .. r.Answers, r.Labels ?? [], Fingerprints.Bits(r.Margin ?? 0)])),
        };
    }

    public string Name => objective.Name;

    public int Rows => rows.Count;

    public IReadOnlyDictionary<string, string> Fingerprint { get; }

    public long TokensOf(int row) => rows[row].Answers.Sum(a => (long)rows[row].Prompt.Count + a.Count);

    public double WeightOf(IReadOnlyList<int> batch) => batch.Count;

    public void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
    }

    public Objective Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        RewardTokens[] chosen = [.. batch.Select(r => rows[r])];
        // The leaves are the answers, in their order.
        var forest = AnswerBatch.Of([.. chosen.Select(r => new AnswerGroup(r.Prompt, r.Answers))]).Forest;
        // Every micro-batch of a window has one vote, whatever its number of rows, as in TRL.
        Objective Vote(Objective result) => result with { Loss = result.Loss / window.Count };
        if (objective is CostModel { Level: CostLevel.Tokens } cost)
            return Vote(OfTokens(cost, forest, chosen));
        var scores = new AnswerScores(model.Scores(forest), [.. chosen.Select(r => r.Answers.Count)])
        {
            Margins = chosen.Any(r => r.Margin is not null) ? [.. chosen.Select(r => r.Margin ?? 0)] : null,
            Labels = chosen.All(r => r.Labels is not null) ? [.. chosen.SelectMany(r => r.Labels!)] : null,
        };
        return Vote(cuts is { } learned && objective is OrdinalReward ordinal ? ordinal.Evaluate(scores, learned) : objective.Evaluate(scores));
    }

    // Behind the end of the shorter answer its cost stays what it was: padding is nobody's answer.
    private Objective OfTokens(CostModel cost, BranchedBatch forest, RewardTokens[] pairs)
    {
        IReadOnlyList<int>[] answers = [.. pairs.SelectMany(p => p.Answers)];
        var each = model.ScoresAt(forest, [.. answers.SelectMany((ids, a) => Enumerable.Range(0, ids.Count).Select(t => (forest.Leaves[a], t)))]).squeeze(1);
        var (width, offset) = (answers.Max(a => a.Count), 0L);
        var places = new List<long>();
        foreach (var ids in answers)
        {
            places.AddRange(Enumerable.Range(0, width).Select(t => offset + Math.Min(t, ids.Count - 1)));
            offset += ids.Count;
        }

        var costs = each.index_select(0, tensor(places.ToArray(), device: each.device)).view(pairs.Length, 2, width);
        return cost.OfTokens(
            costs.select(1, 0), costs.select(1, 1), [.. pairs.SelectMany(p => p.Labels!)], [.. pairs.Select(p => p.Answers[0].Zip(p.Answers[1]).TakeWhile(t => t.First == t.Second).Count())],
            [.. pairs.Select(p => p.Answers[0].Count - 1)], [.. pairs.Select(p => p.Answers[1].Count - 1)]);
    }

    private string Needed => objective.Needs switch
    {
        RewardData.Pairs => "pairs of answers",
        RewardData.LabelledPairs => "pairs of answers, each with a label",
        RewardData.RankedLists => "lists of two answers or more",
        _ => "one answer with a label",
    };

    private string? Problem(RewardTokens row) => objective.Needs switch
    {
        RewardData.RankedLists => row.Answers.Count < 2 ? $"has {row.Answers.Count} answers" : null,
        RewardData.Pairs or RewardData.LabelledPairs when row.Answers.Count != 2 => $"has {row.Answers.Count} answers",
        RewardData.Labelled when row.Answers.Count != 1 => $"has {row.Answers.Count} answers",
        RewardData.LabelledPairs when row.Answers[0].SequenceEqual(row.Answers[1]) => "has twice the same answer",
        RewardData.LabelledPairs or RewardData.Labelled when row.Labels is null || row.Labels.Count != row.Answers.Count => "has no label for each answer",
        _ => null,
    };
}
