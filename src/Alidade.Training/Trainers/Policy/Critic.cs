using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>What estimates the value of an unfinished answer: a model with a scoring head of one score, or an adapter with such a head over the policy's own frozen base.</summary>
/// <param name="Model">The model; its weights are trained where there is no adapter.</param>
/// <param name="Adapter">The adapter; null for a model of its own.</param>
public sealed record Critic(CausalLM Model, LoraAdapter? Adapter = null)
{
    /// <summary>A new critic over a frozen base: low-rank updates and a scoring head.</summary>
    /// <param name="model">The base.</param>
    /// <param name="options">Settings of the adapter; its number of scores is set to 1.</param>
    /// <param name="seed">Seed of its random factors.</param>
    public static Critic Over(CausalLM model, LoraOptions options, ulong seed) => new(model, LoraAdapter.Create(model, "critic", options with { ScoringLabels = 1 }, seed));

    internal IEnumerable<(string Name, Tensor Value)> Weights => Trained.WeightsOf(Model, Adapter);

    /// <summary>The value before each scored token, [scored]; differentiable.</summary>
    internal Tensor Values(BranchedBatch batch)
    {
        using var use = Model.Use(Adapter);
        using var scope = NewDisposeScope();
        return Model.ScoresBefore(batch).squeeze(1).MoveToOuterDisposeScope();
    }

    /// <summary>Holds a critic against the policy.</summary>
    internal void Check(CausalLM policy, bool policyHasAdapter, string what)
    {
        using var use = Model.Use(Adapter);
        if (!Model.HasScoringHead)
            throw new AlidadeException($"the {what} has no scoring head; make it with Critic.Over, or load a sequence-classification model with one label");
        if (Model == policy && (Adapter is null || !policyHasAdapter))
            throw new AlidadeException($"the {what} shares the policy's weights while these are trained; train an adapter as the policy and another as the {what}, or give the {what} a model of its own");
        if (Model.Config.VocabularySize != policy.Config.VocabularySize)
            throw new AlidadeException($"the {what} has {Model.Config.VocabularySize} tokens and the policy {policy.Config.VocabularySize}: they must read the same tokens");
    }
}
