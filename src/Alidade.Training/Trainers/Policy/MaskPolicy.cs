using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Generation;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Objectives.Reinforcement;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>The mask policy of a training: a copy of the policy that is made anew every μ rollouts, and the tokens that it allows.</summary>
internal sealed class MaskPolicy : IDisposable
{
    private readonly CausalLM model;
    private readonly Reference copy;
    private readonly AllowedTokens allowed;

    /// <param name="model">The base.</param>
    /// <param name="adapter">The policy; null for the model itself.</param>
    /// <param name="mask">What is allowed, and μ.</param>
    public MaskPolicy(CausalLM model, LoraAdapter? adapter, TokenMask mask)
    {
        this.model = model;
        // A policy that could not stop would learn nothing of it.
        allowed = mask.Allowed with { Always = [.. mask.Allowed.Always.Union(model.EndTokens).Union(Special(model))] };
        copy = Reference.Of(model, adapter, ReferenceModel.Start, null, new MovingReference { Mixture = 1, Every = mask.RefreshEvery });
    }

    /// <summary>Its weights, for a checkpoint.</summary>
    public IEnumerable<(string Name, Tensor Value)> State => copy.State.Select(s => ("mask." + s.Name, s.Value));

    /// <summary>Becomes the policy, where it is time to.</summary>
    /// <param name="rollouts">Rollouts that were drawn; the policy has not learned from the last one yet.</param>
    public void AfterRollout(int rollouts) => copy.AfterUpdate(rollouts);

    /// <summary>It as it is now, for sampling.</summary>
    /// <param name="merged">Its weights; the caller disposes them.</param>
    public TokenGuide Guide(out LoraAdapter merged) => new(merged = model.Merged(copy.Adapter!), allowed.Of);

    public void Dispose() => copy.Dispose();

    private static IEnumerable<int> Special(CausalLM model) =>
        model.HasTokenizer ? Enumerable.Range(0, Math.Min(model.Tokenizer.VocabularySize, model.Config.VocabularySize)).Where(model.Tokenizer.IsSpecial) : [];
}
