using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives;

namespace Alidade.Training.Trainers;

/// <summary>Demonstrations under an objective on tokens.</summary>
internal sealed class SupervisedTask(CausalLM model, ISupervisedObjective objective, IReadOnlyList<DemonstrationTokens> rows) : ITrainingTask
{
    private readonly int[] targets = [.. rows.Select(r => r.Targets)];

    public string Name => objective.Name;

    public int Rows => rows.Count;

    public IReadOnlyDictionary<string, string> Fingerprint { get; } = new Dictionary<string, string>
    {
        ["objective"] = Fingerprints.Of(objective),
        ["rows"] = Fingerprints.Of(rows.SelectMany(r => new[] { r.Ids, [.. r.Scored.Select(s => s ? 1 : 0)], r.Documents })),
    };

    public long TokensOf(int row) => rows[row].Ids.Count;

    public double WeightOf(IReadOnlyList<int> batch) => objective.NormaliserOf(batch.Select(r => targets[r]));

    public void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
    }

    public Objective? Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        var segments = new List<Segment>();
        var rowOfSegment = new List<long>();
        for (var i = 0; i < batch.Count; i++)
            foreach (var document in Documents(rows[batch[i]]))
            {
                segments.Add(document);
                rowOfSegment.Add(i);
            }

        if (segments.Count == 0)
            return null;
        var forest = new BranchedBatch(segments);
        var (logProbs, statistics) = model.LogProbsWithStatistics(forest);
        var tokens = new TokenLogProbs(logProbs, [.. forest.SegmentOfScored.Select(s => rowOfSegment[(int)s])], batch.Count)
        {
            Entropy = statistics.Entropy,
            Correct = statistics.Correct,
        };
        var result = objective.Evaluate(tokens, objective.NormaliserOf(window.SelectMany(b => b).Select(r => targets[r])));
        // A mean of counts or of perplexities over micro-batches says nothing; the loop counts tokens, and e^loss is the perplexity.
        return result with { Metrics = result.Metrics.Where(m => m.Key is not ("tokens" or "perplexity")).ToDictionary() };
    }

    // The documents of a row that have something to learn; each is a tree of its own, so none sees another.
    private static IEnumerable<Segment> Documents(DemonstrationTokens row)
    {
        var start = 0;
        foreach (var length in row.Documents)
        {
            bool[] scored = [.. row.Scored.Skip(start).Take(length)];
            scored[0] = false;
            if (scored.Contains(true))
                yield return new([.. row.Ids.Skip(start).Take(length)], scored, -1);
            start += length;
        }
    }
}
