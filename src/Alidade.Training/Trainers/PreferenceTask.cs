using Alidade.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Preference pairs under an objective on pairs.</summary>
internal sealed class PreferenceTask(
    CausalLM model, IPreferenceObjective objective, ReferenceModel referenceModel, IReadOnlyList<PairTokens> rows, string part) : ITrainingTask, IDisposable
{
    private ReferenceLogProbs? reference;

    public string Name => objective.Name;

    public int Rows => rows.Count;

    public IReadOnlyDictionary<string, string> Fingerprint { get; } = new Dictionary<string, string>
    {
        ["objective"] = Fingerprints.Of(objective) + (objective.Needs.HasFlag(PairInputs.Reference) ? referenceModel.ToString() : ""),
        ["rows"] = Fingerprints.Of(rows.SelectMany(r => new[] { r.Prompt, r.Chosen, r.Rejected })),
    };

    public long TokensOf(int row) => (2 * rows[row].Prompt.Count) + rows[row].Chosen.Count + rows[row].Rejected.Count;

    public double WeightOf(IReadOnlyList<int> batch) => batch.Count;

    public void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
        if (objective.Needs.HasFlag(PairInputs.Reference))
            reference = ReferenceLogProbs.Compute(
                model, referenceModel, rows, batches, context.Folder is null ? null : Path.Combine(context.Folder, $"reference-{part}.safetensors"), context);
    }

    public Objective Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        PairTokens[] pairs = [.. batch.Select(r => rows[r])];
        var packed = PairBatch.Of(pairs);
        var (logProbs, statistics) = model.LogProbsWithStatistics(packed.Forest);
        var sums = new TokenLogProbs(logProbs, packed.AnswerOfScored, 2 * pairs.Length).RowSums().view(2, -1);
        var kept = reference?.Of(batch, sums.device, sums.dtype) ?? zeros_like(sums);
        var result = objective.Evaluate(new PairLogProbs(
            sums[0], sums[1], kept[0], kept[1], [.. pairs.Select(p => p.ChosenTargets)], [.. pairs.Select(p => p.RejectedTargets)]));

        // Every micro-batch of a window has one vote, whatever its number of pairs, as in TRL.
        var loss = result.Loss / window.Count;
        var metrics = new Dictionary<string, Tensor>(result.Metrics);
        using var noGrad = no_grad();
        var chosen = tensor(packed.AnswerOfScored.Select(a => a < pairs.Length ? 1f : 0f).ToArray(), device: sums.device).to(sums.dtype);
        var rejected = 1 - chosen;
        metrics["mean_entropy"] = statistics.Entropy.mean();
        metrics["token_accuracy"] = MeanWhere(statistics.Correct.to(sums.dtype), chosen);
        metrics["logits_chosen"] = MeanWhere(statistics.MeanLogit, chosen);
        metrics["logits_rejected"] = MeanWhere(statistics.MeanLogit, rejected);
        return result with { Loss = loss, Metrics = metrics };
    }

    public void Dispose() => reference?.Dispose();

    private static Tensor MeanWhere(Tensor values, Tensor weight) => (values * weight).sum() / weight.sum();
}
