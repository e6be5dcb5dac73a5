using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Objectives.Reinforcement;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>The roles of policy training over one base: policy, reference, critic and critic of costs, and what each says of the tokens of some answers.</summary>
internal sealed class PolicyModels : IDisposable
{
    private readonly LoraAdapter? reference;
    private readonly bool ownsReference;

    /// <param name="model">The base; its adapter in use is the policy.</param>
    /// <param name="adapter">The policy; null for the model itself.</param>
    /// <param name="referenceModel">What the KL is measured against.</param>
    /// <param name="needsReference">False when nothing is.</param>
    /// <param name="critic">Values of rewards.</param>
    /// <param name="costCritic">Values of costs.</param>
    /// <param name="temperature">Of sampling.</param>
    public PolicyModels(CausalLM model, LoraAdapter? adapter, ReferenceModel referenceModel, bool needsReference, Critic? critic, Critic? costCritic, double temperature)
    {
        (Model, Adapter, Critic, CostCritic, Temperature) = (model, adapter, critic, costCritic, temperature);
        // Without an adapter there is no base to fall back on: a copy of all weights stands for it. An adapter that changes nothing yet needs no copy.
        ownsReference = needsReference && (adapter is null || (referenceModel == ReferenceModel.Start && !ChangesNothing(adapter)));
        using var use = model.Use(adapter);
        reference = ownsReference ? model.Snapshot("reference") : null;
    }

    public CausalLM Model { get; }

    public LoraAdapter? Adapter { get; }

    public Critic? Critic { get; }

    public Critic? CostCritic { get; }

    public double Temperature { get; }

    /// <summary>What is trained: the policy, and the critics under names of their own.</summary>
    public IEnumerable<(string Name, Tensor Value)> Weights =>
        Trained.WeightsOf(Model, Adapter).Concat(Named("critic.", Critic)).Concat(Named("cost_critic.", CostCritic));

    /// <summary>
    /// log π and the entropy of each token, [rows, positions]; both differentiable when <paramref name="entropyLearns"/>, else the first alone. Under <paramref name="allowed"/>,
    /// [scored, vocabulary], those of the policy on the allowed tokens.
    /// </summary>
    public (Tensor LogProbs, Tensor Entropy) Policy(AnswerForest forest, bool entropyLearns, Tensor? allowed = null)
    {
        using var use = Model.Use(Adapter);
        using var scope = NewDisposeScope();
        if (allowed is not null)
        {
            var (scored, drawn) = Model.ScoredLogits(forest.Batch);
            var (masked, _, spread) = TokenMask.LogProbs(scored / Temperature, allowed, drawn, ones_like(drawn));
            return (forest.Grid.Spread(masked).MoveToOuterDisposeScope(), forest.Grid.Spread(entropyLearns ? spread : spread.detach()).MoveToOuterDisposeScope());
        }

        if (!entropyLearns)
        {
            var (logProbs, statistics) = Model.LogProbsWithStatistics(forest.Batch, temperature: Temperature);
            return (forest.Grid.Spread(logProbs).MoveToOuterDisposeScope(), forest.Grid.Spread(statistics.Entropy).MoveToOuterDisposeScope());
        }

        var (logits, targets) = Model.ScoredLogits(forest.Batch);
        var all = (logits / Temperature).log_softmax(-1);
        var chosen = all.gather(1, targets.unsqueeze(1)).squeeze(1);
        return (forest.Grid.Spread(chosen).MoveToOuterDisposeScope(), forest.Grid.Spread(-(all.exp() * all).sum(-1)).MoveToOuterDisposeScope());
    }

    /// <summary>log π° of each token, [rows, positions], without gradient.</summary>
    public Tensor Reference(AnswerForest forest) => LogProbs(forest, reference);

    /// <summary>log π of each token, [rows, positions], without gradient.</summary>
    public Tensor LogProbs(AnswerForest forest) => LogProbs(forest, Adapter);

    public void Dispose()
    {
        if (ownsReference)
            reference!.Dispose();
    }

    private Tensor LogProbs(AnswerForest forest, LoraAdapter? adapter)
    {
        using var noGrad = no_grad();
        using var use = Model.Use(adapter);
        using var scope = NewDisposeScope();
        return forest.Grid.Spread(Model.LogProbs(forest.Batch, Temperature)).MoveToOuterDisposeScope();
    }

    private static bool ChangesNothing(LoraAdapter adapter)
    {
        using var scope = NewDisposeScope();
        return adapter.Replacements.Count == 0 && adapter.Factors.Values.All(f => !f.OfEmbedding && f.Magnitude is null && f.B.count_nonzero().item<long>() == 0);
    }

    private static IEnumerable<(string Name, Tensor Value)> Named(string prefix, Critic? critic) => critic?.Weights.Select(w => (prefix + w.Name, w.Value)) ?? [];
}
