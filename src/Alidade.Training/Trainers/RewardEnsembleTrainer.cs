using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>
/// Training of several reward models that are adapters over one frozen base and differ in the seed of their adapter, of their head and of the order of the rows. Where they disagree,
/// none of them is to be trusted.
/// </summary>
/// <remarks>Coste et al. 2023 (arXiv 2310.02743), §4.2, whose members differ in the same seeds but are whole models.</remarks>
public sealed record RewardEnsembleTrainer
{
    /// <summary>The base, which stays as it is.</summary>
    public required CausalLM Model { get; init; }

    /// <summary>Settings of each adapter. Default those of <see cref="LoraOptions"/> with a head of one score.</summary>
    public LoraOptions Adapters { get; init; } = new() { ScoringLabels = 1 };

    /// <summary>Number of reward models, at least 2. Default 5, as the paper.</summary>
    public int Members
    {
        get;
        init => field = value >= 2 ? value : throw new AlidadeException($"an ensemble of {value} reward models has no disagreement to measure; it needs at least 2");
    } = 5;

    /// <summary>The objective. Default Bradley–Terry on pairs.</summary>
    public IRewardObjective Objective { get; init; } = new PairwiseReward();

    /// <summary>Settings of each member's loop; member i has the seed and i (<see cref="EnsembleMember"/>).</summary>
    public required TrainingOptions Options { get; init; }

    /// <summary>Trains the members one after the other. The caller disposes the ensemble.</summary>
    /// <param name="rows">Rows to learn from.</param>
    /// <param name="heldOut">Rows for evaluation alone; empty for none.</param>
    /// <param name="context">Checkpoints (a folder for each member), progress, cancellation.</param>
    /// <exception cref="AlidadeException">Settings, rows or the head cannot be used, or the loss is no longer a number.</exception>
    /// <exception cref="OperationCanceledException">Training was cancelled; with a folder it can be resumed.</exception>
    public TrainedRewardEnsemble Train(TokenRows<RewardTokens> rows, IReadOnlyList<RewardTokens>? heldOut = null, TrainingContext? context = null)
    {
        context ??= new();
        var adapters = new List<LoraAdapter>();
        var results = new List<TrainingResult>();
        try
        {
            foreach (var member in EnsembleMember.Of(Members, Options.Seed))
            {
                adapters.Add(LoraAdapter.Create(Model, member.Name, Adapters, member.Seed));
                results.Add(new RewardTrainer { Model = Model, Adapter = adapters[^1], Objective = Objective, Options = Options with { Seed = member.Seed } }
                    .Train(rows, heldOut, context with { Folder = context.Folder is { } folder ? Path.Combine(folder, member.Name) : null }));
            }

            return new(Model, adapters, results);
        }
        catch
        {
            foreach (var adapter in adapters)
                adapter.Dispose();
            throw;
        }
    }
}

/// <summary>Reward models over one base.</summary>
/// <param name="Model">The base.</param>
/// <param name="Members">Their adapters, each with its head.</param>
/// <param name="Results">What the training of each did.</param>
public sealed record TrainedRewardEnsemble(CausalLM Model, IReadOnlyList<LoraAdapter> Members, IReadOnlyList<TrainingResult> Results) : IDisposable
{
    /// <summary>What the members say of every text of a batch, in the order of <see cref="BranchedBatch.Leaves"/>.</summary>
    public RewardEnsemble Score(BranchedBatch batch)
    {
        using var noGrad = no_grad();
        return RewardEnsemble.Of([.. Members.Select(member =>
        {
            using var scope = NewDisposeScope();
            using var use = Model.Use(member);
            return Model.Scores(batch).select(1, 0).to(ScalarType.Float64).cpu().data<double>().ToArray();
        })]);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var member in Members)
            member.Dispose();
    }
}
