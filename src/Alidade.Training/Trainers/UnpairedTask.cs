using Alidade.Core;
using Alidade.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Single answers under an objective on such answers.</summary>
/// <remarks>
/// What one micro-batch hands to the next (BCO's running mean) is settled when its update is done: an update that is cancelled in the middle has never been. Evaluation on
/// held-out rows reads it and leaves it as it is.
/// </remarks>
internal sealed class UnpairedTask : AnswerTask<UnpairedTokens>
{
    private readonly IUnpairedObjective objective;
    private readonly Reference reference;
    private readonly UnpairedTask? training;
    private readonly Tensor? memory;
    private readonly IReadOnlyList<IReadOnlyList<AnswerGroup>> mismatched;
    private Tensor? pending;
    private ReferenceLogProbs? keptMismatched;

    /// <param name="model">The policy.</param>
    /// <param name="objective">The objective.</param>
    /// <param name="reference">The reference.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="training">The task that is trained on, when these are held-out rows; else null.</param>
    public UnpairedTask(CausalLM model, IUnpairedObjective objective, Reference reference, IReadOnlyList<UnpairedTokens> rows, UnpairedTask? training)
        : base(model, objective, reference, rows, row => [new(row.Prompt, row.Answer)])
    {
        (this.objective, this.reference, this.training) = (objective, reference, training);
        mismatched = NeedsMismatched ? [.. rows.Select(r => r.Mismatched is { } other ? (AnswerGroup[])[new(r.Prompt, other)] : [])] : [];
        if (NeedsMismatched && rows.Count(r => r.Mismatched is null) > 1)
            throw new AlidadeException($"{objective.Name} needs rows with mismatched answers, and {rows.Count(r => r.Mismatched is null)} of {rows.Count} have none; tokenise them with the rows of a micro-batch");
        if (rows.Count(r => !r.Label && r.DesirableProbability is null) is var unknown && unknown > 0 && rows.Any(r => r.DesirableProbability is not null))
            throw new AlidadeException($"{unknown} unwanted answers lack 'desirable_probability' while other rows have it; give it for all of them or for none");
        if (training is null && objective.InitialState.Count > 0)
            memory = tensor(objective.InitialState.ToArray(), device: model.Device).DetachFromDisposeScope();
    }

    public override string Name => objective.Name;

    // A row alone has no mismatched answer.
    public override int LeastRows => NeedsMismatched ? 2 : 1;

    public override IReadOnlyList<(string Name, Tensor Value)> State => memory is null ? base.State : [.. base.State, (objective.Name + ".state", memory)];

    private bool NeedsMismatched => objective.Needs.HasFlag(UnpairedInputs.Mismatched);

    public override void Prepare(IEnumerable<int[]> batches, TrainingContext context)
    {
        int[][] wanted = [.. batches];
        base.Prepare(wanted, context);
        if (!NeedsMismatched)
            return;
        keptMismatched = new(reference, mismatched);
        keptMismatched.Prepare(wanted, context);
    }

    public override Objective Evaluate(IReadOnlyList<int> batch, IReadOnlyList<IReadOnlyList<int>> window)
    {
        var rows = RowsOf(batch);
        var packed = AnswerBatch.Of(GroupsOf(batch));
        var (logProbs, statistics) = Model.LogProbsWithStatistics(packed.Forest);
        var policy = packed.Sums(logProbs).narrow(0, 0, rows.Length);
        var given = new UnpairedLogProbs(policy, ReferenceOf(batch)!.Value.RowSums().to(policy.dtype), [.. rows.Select(r => r.Label)])
        {
            Mismatched = MismatchedOf(batch),
            DesirableProbability = rows.Any(r => r.DesirableProbability is not null)
                ? tensor(rows.Select(r => r.DesirableProbability ?? 1).ToArray(), policy.dtype, policy.device) : null,
        };
        if (ReferenceEquals(batch, window[0]))
            Settle(training is null ? memory : training.memory);
        var result = objective.Evaluate(given, pending, out var next);
        if (training is null)
            Settle(next);

        var metrics = new (string, Tensor?)[]
        {
            ("mean_entropy", packed.MeanWhere(statistics.Entropy, _ => true)),
            ("logits_chosen", packed.MeanWhere(statistics.MeanLogit, a => rows[a].Label)),
            ("logits_rejected", packed.MeanWhere(statistics.MeanLogit, a => !rows[a].Label)),
        };
        return (result with { Loss = result.Loss / window.Count }).WithMetrics(metrics.Where(m => m.Item2 is not null).Select(m => (m.Item1, m.Item2!)));
    }

    public override void AfterUpdate(int update)
    {
        base.AfterUpdate(update);
        using var noGrad = no_grad();
        if (pending is not null)
            memory?.copy_(pending);
    }

    public override void Dispose()
    {
        base.Dispose();
        keptMismatched?.Dispose();
        memory?.Dispose();
        pending?.Dispose();
    }

    protected override IReadOnlyList<int> MarksOf(UnpairedTokens row) => [row.Label ? 1 : 0, .. row.Mismatched ?? [], .. Fingerprints.Bits(row.DesirableProbability ?? double.NaN)];

    private void Settle(Tensor? value)
    {
        pending?.Dispose();
        pending = value?.detach().clone().DetachFromDisposeScope();
    }

    private (Tensor Policy, Tensor Reference)? MismatchedOf(IReadOnlyList<int> batch)
    {
        AnswerGroup[] groups = NeedsMismatched ? [.. batch.SelectMany(r => mismatched[r])] : [];
        if (groups.Length == 0)
            return null;
        using var noGrad = no_grad();
        var packed = AnswerBatch.Of(groups);
        var policy = packed.Sums(Model.LogProbs(packed.Forest)).narrow(0, 0, packed.Answers);
        return (policy, keptMismatched!.Of(batch).RowSums().to(policy.dtype));
    }
}
