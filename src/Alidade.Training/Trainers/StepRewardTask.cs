using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives;

namespace Alidade.Training.Trainers;

/// <summary>Sequences whose scores at some tokens are learned.</summary>
internal sealed class StepRewardTask(CausalLM model, IStepRewardObjective objective, IReadOnlyList<StepTokens> rows) : ITrainingTask
{
    public string Name => objective.Name;

    public int Rows => rows.Count;

    public IReadOnlyDictionary<string, string> Fingerprint { get; } = new Dictionary<string, string>
    {
        ["objective"] = Fingerprints.Of(objective),
        ["rows"] = Fingerprints.Of(rows.SelectMany(r => new[] { r.Ids, r.Places, r.Labels })),
    };

    public long TokensOf(int row) => rows[row].Ids.Count;

    public double WeightOf(IReadOnlyList<int> batch) => objective.NormaliserOf([.. batch.Select(r => rows[r].Places.Count)]);

    public void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
    }

    public Objective? Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        StepTokens[] chosen = [.. batch.Select(r => rows[r])];
        (int, int)[] places = [.. chosen.SelectMany((r, segment) => r.Places.Select(p => (segment, p)))];
        if (places.Length == 0)
            return null;
        var forest = new BranchedBatch([.. chosen.Select(r => new Segment(r.Ids, new bool[r.Ids.Count], -1))]);
        var scores = new StepScores(model.ScoresAt(forest, places), [.. chosen.SelectMany(r => r.Labels)], [.. places.Select(p => (long)p.Item1)], chosen.Length);
        return objective.Evaluate(scores, objective.NormaliserOf([.. window.SelectMany(b => b).Select(r => rows[r].Places.Count)]));
    }
}
