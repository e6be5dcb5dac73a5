using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Training.Objectives.Ranking;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Which model preferences are measured against.</summary>
public enum ReferenceModel
{
    /// <summary>The policy as it is when training begins, its adapter included: right also for an adapter that was trained before.</summary>
    Start,

    /// <summary>The base with its adapter off.</summary>
    Base,
}

/// <summary>The model that preferences are measured against, for a whole training: one that stays, or a copy of the policy that moves after it.</summary>
internal sealed class Reference : IDisposable
{
    private readonly CausalLM model;
    private readonly LoraAdapter? adapter;
    private readonly MovingReference? moving;
    private readonly List<(string Name, Tensor Kept, Tensor Policy)> followed = [];
    private readonly Lazy<string> weights;

    private Reference(CausalLM model, LoraAdapter? adapter, MovingReference? moving)
    {
        (this.model, this.adapter, this.moving) = (model, adapter, moving);
        weights = new(() => Fingerprints.Of(Trained.WeightsOf(model, null).Concat(adapter?.Parameters ?? [])));
    }

    /// <summary>The adapter that it is over its base; null for the base itself.</summary>
    public LoraAdapter? Adapter => adapter;

    /// <summary>Where its log-probabilities lie.</summary>
    public Device Device => model.Device;

    /// <summary>True when its log-probabilities can be computed before the first update.</summary>
    public bool IsFixed => moving is null;

    /// <summary>Its weights, as they were when it was made.</summary>
    public string Weights => weights.Value;

    /// <summary>What a checkpoint must agree with: the weights it begins with, and how it moves.</summary>
    public string Fingerprint => Weights + (moving is null ? "" : " " + Fingerprints.Of(moving));

    /// <summary>The weights of a moving reference.</summary>
    public IReadOnlyList<(string Name, Tensor Value)> State => [.. followed.Select(f => ("reference." + f.Name, f.Kept))];

    /// <summary>Makes it.</summary>
    /// <param name="policy">The base of the policy.</param>
    /// <param name="trained">The adapter that is trained; null when the base is.</param>
    /// <param name="kind">Which model.</param>
    /// <param name="other">Another model in its place; null for none.</param>
    /// <param name="moving">How it moves; null when it stays.</param>
    /// <exception cref="AlidadeException">The other model has another vocabulary, or it is to move.</exception>
    public static Reference Of(CausalLM policy, LoraAdapter? trained, ReferenceModel kind, CausalLM? other, MovingReference? moving)
    {
        if (other is not null && moving is not null)
            throw new AlidadeException($"a reference that moves after the policy begins as the policy; {other.Name} cannot move");
        if (other is not null)
            return other.Config.VocabularySize == policy.Config.VocabularySize ? new(other, other.Adapter, null) : throw new AlidadeException(
                $"the reference {other.Name} has a vocabulary of {other.Config.VocabularySize} tokens, {policy.Name} of {policy.Config.VocabularySize}: their log-probabilities are of different things");
        if (moving is null)
            return new(policy, kind == ReferenceModel.Start ? trained : null, null);
        using var use = policy.Use(trained);
        var copy = policy.Snapshot("reference");
        var reference = new Reference(policy, copy, moving);
        var kept = trained is null ? copy.Replacements : copy.Parameters.ToDictionary(p => p.Name, p => p.Value);
        reference.followed.AddRange(Trained.WeightsOf(policy, trained).Select(w => (w.Name, kept[w.Name], w.Value)));
        return reference;
    }

    /// <summary>log p of the scored tokens, [scored], without gradient.</summary>
    public Tensor LogProbs(AnswerBatch batch)
    {
        using var noGrad = no_grad();
        using var use = model.Use(adapter);
        return model.LogProbs(batch.Forest);
    }

    /// <summary>Moves, where it is time to.</summary>
    /// <param name="update">Updates done.</param>
    public void AfterUpdate(int update)
    {
        if (moving is null || !moving.IsDue(update))
            return;
        using var noGrad = no_grad();
        foreach (var (_, kept, policy) in followed)
        {
            using var scope = NewDisposeScope();
            kept.copy_(moving.Moved(kept, policy));
        }
    }

    public void Dispose()
    {
        if (moving is not null)
            adapter!.Dispose();
    }
}
