using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>What supervised training has beside rows and an objective.</summary>
/// <param name="Teacher">The model to distil; null for none.</param>
/// <param name="Noise">Noise at the embeddings; null for none.</param>
internal sealed record SupervisedExtras(CausalLM? Teacher = null, Neftune? Noise = null)
{
    private readonly Lazy<string> weights = new(() => Teacher is null ? "" : " teacher " + Teacher.WeightsHash());

    /// <summary>What a checkpoint must agree with: the noise, and the teacher's weights.</summary>
    /// <param name="student">The model that learns; where it is the teacher too, its base is.</param>
    public string FingerprintFor(CausalLM student) => (Noise is null ? "" : Fingerprints.Of(Noise)) + weights.Value
        + (!ReferenceEquals(Teacher, student) && Teacher?.Adapter is { } adapter ? Fingerprints.Of(adapter.Parameters) : "");
}

/// <summary>Demonstrations under an objective on log-probabilities or on logits.</summary>
internal sealed class SupervisedTask : ITrainingTask
{
    private readonly CausalLM model;
    private readonly IDemonstrationObjective objective;
    private readonly IReadOnlyList<DemonstrationTokens> rows;
    private readonly SupervisedExtras extras;
    private readonly RowShare[] shares;

    public SupervisedTask(CausalLM model, IDemonstrationObjective objective, IReadOnlyList<DemonstrationTokens> rows, SupervisedExtras? extras = null)
    {
        (this.model, this.objective, this.rows, this.extras) = (model, objective, rows, extras ?? new());
        if (this.extras.Teacher is { } teacher && teacher.Config.VocabularySize != model.Config.VocabularySize)
            throw new AlidadeException($"the teacher {teacher.Name} has {teacher.Config.VocabularySize} tokens and {model.Name} has {model.Config.VocabularySize}: a student learns from a teacher with the same vocabulary");
        shares = [.. rows.Select(r => new RowShare(r.Targets) { Weight = r.Weight, Avoided = r.Avoided, TokenWeight = Documents(r).Sum(d => d.Weights?.Sum() ?? d.Segment.Scored.Count(s => s)) })];
    }

    public string Name => objective.Name;

    public int Rows => rows.Count;

    public IReadOnlyDictionary<string, string> Fingerprint => new Dictionary<string, string>
    {
        ["objective"] = Fingerprints.Of(objective) + extras.FingerprintFor(model),
        ["rows"] = Fingerprints.Of(rows.SelectMany(Content)),
    };

    public long TokensOf(int row) => rows[row].Ids.Count;

    public double WeightOf(IReadOnlyList<int> batch) => objective.NormaliserOf([.. batch.Select(r => shares[r])]);

    public void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
    }

    public Objective? Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        var documents = batch.SelectMany((r, i) => Documents(rows[r]).Select(d => (d.Segment, d.Weights, Row: (long)i))).ToArray();
        if (documents.Length == 0)
            return null;
        var forest = new BranchedBatch([.. documents.Select(d => d.Segment)]);
        long[] rowOf = [.. forest.SegmentOfScored.Select(s => documents[(int)s].Row)];
        RowShare[] all = [.. window.SelectMany(b => b).Select(r => shares[r])];
        using var noise = Noisy(forest);
        var result = objective switch
        {
            ISupervisedObjective selected => selected.Evaluate(Selected(forest, rowOf, batch, documents.Select(d => d.Weights)), all),
            ILogitObjective logits => logits.Evaluate(Logits(forest, rowOf, batch), all),
            _ => throw new NotBuiltException($"training with objectives of the kind of '{objective.Name}'"),
        };
        // A mean of counts or of perplexities over micro-batches says nothing; the loop counts tokens, and e^loss is the perplexity.
        return result with { Metrics = result.Metrics.Where(m => m.Key is not ("tokens" or "perplexity")).ToDictionary() };
    }

    private TokenLogProbs Selected(BranchedBatch forest, long[] rowOf, IReadOnlyList<int> batch, IEnumerable<IReadOnlyList<double>?> weights)
    {
        var (logProbs, statistics) = model.LogProbsWithStatistics(forest);
        var weighs = batch.Any(r => rows[r].TokenWeights is not null);
        return new(logProbs, rowOf, batch.Count)
        {
            Entropy = statistics.Entropy,
            Correct = statistics.Correct,
            RowWeights = [.. batch.Select(r => rows[r].Weight)],
            Avoided = [.. batch.Select(r => rows[r].Avoided)],
            TokenWeights = weighs ? [.. weights.Zip(forest.Segments).SelectMany(p => p.First ?? Enumerable.Repeat(1.0, p.Second.Scored.Count(s => s)))] : null,
        };
    }

    private TokenLogits Logits(BranchedBatch forest, long[] rowOf, IReadOnlyList<int> batch)
    {
        var (logits, targets) = model.ScoredLogits(forest);
        return new(logits, targets, rowOf, batch.Count)
        {
            Avoided = [.. batch.Select(r => rows[r].Avoided)],
            Teacher = extras.Teacher is null ? null : TeacherLogits(forest, extras.Teacher),
            Draws = rand(rowOf.Length, logits.dtype, logits.device),
        };
    }

    // A teacher that is the student's own model is its base, without the adapter that is trained.
    private Tensor TeacherLogits(BranchedBatch forest, CausalLM teacher)
    {
        using var noGrad = no_grad();
        using var use = ReferenceEquals(teacher, model) ? teacher.Use(null) : null;
        var (logits, targets) = teacher.ScoredLogits(forest);
        targets.Dispose();
        return logits;
    }

    private IDisposable? Noisy(BranchedBatch forest)
    {
        if (extras.Noise is not { } noise || !is_grad_enabled())
            return null;
        if (model.Hooks.Any)
            throw new AlidadeException("noise at the embeddings goes with the fast path alone; remove the model's hooks while it trains");
        // Every segment is a tree of its own, so the packed order is theirs.
        var lengths = tensor(forest.Segments.SelectMany(s => Enumerable.Repeat((double)s.Ids.Count, s.Ids.Count)).ToArray(), [1, forest.Ids.Count]);
        return model.ChangeEmbeddings(x => noise.Noisy(x, (rand(x.shape, x.dtype, x.device) * 2) - 1, lengths.to(x.dtype).to(x.device)));
    }

    private static IEnumerable<IReadOnlyList<int>> Content(DemonstrationTokens row)
    {
        yield return row.Ids;
        yield return [.. row.Scored.Select(s => s ? 1 : 0)];
        yield return row.Documents;
        // What a row may have beside is hashed only where it has it, so that checkpoints of plain rows stay what they were.
        if (row.Weight != 1 || row.Avoided)
            yield return [row.Avoided ? 1 : 0, .. Fingerprints.Bits(row.Weight)];
        if (row.TokenWeights is { } weights)
            yield return [.. weights.SelectMany(Fingerprints.Bits)];
        if (row.Hidden is { } hidden)
            yield return [.. hidden.Select(h => h ? 1 : 0)];
    }

    // The documents of a row that have something to learn, with the weights of their scored tokens; each is a tree of its own, so none sees another.
    private static IEnumerable<(Segment Segment, IReadOnlyList<double>? Weights)> Documents(DemonstrationTokens row)
    {
        var start = 0;
        foreach (var length in row.Documents)
        {
            bool[] scored = [.. row.Scored.Skip(start).Take(length)];
            scored[0] = false;
            var from = start;
            start += length;
            if (!scored.Contains(true))
                continue;
            yield return (
                new([.. row.Ids.Skip(from).Take(length)], scored, -1) { Hidden = row.Hidden is { } hidden ? [.. hidden.Skip(from).Take(length)] : null },
                row.TokenWeights is { } weights ? [.. weights.Skip(from).Take(length).Where((_, i) => scored[i])] : null);
        }
    }
}
