using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <content>Sequence classification: the scores of whole texts, by the model's own scoring head or that of the adapter in use.</content>
public sealed partial class CausalLM
{
    /// <summary>True when the model, or the adapter in use, has a scoring head.</summary>
    public bool HasScoringHead => ScoreWeight is not null;

    /// <summary>
    /// Scores of every text of a batch, which is the path from a root to a segment without a child, read at its last token: prefixes computed once, nothing padded.
    /// </summary>
    /// <param name="batch">The texts; which tokens are scored for their log-probability does not matter.</param>
    /// <returns>[texts, labels], texts in the order of <see cref="BranchedBatch.Leaves"/>; differentiable.</returns>
    /// <exception cref="AlidadeException">There is no scoring head, or a text is too long.</exception>
    public Tensor Scores(BranchedBatch batch)
    {
        using var scope = NewDisposeScope();
        var weight = NeededScoreWeight();
        return nn.functional.linear(HiddenAt(batch, batch.LeafEnds), weight).MoveToOuterDisposeScope();
    }

    /// <summary>Scores of every row, read at the last token that the mask counts, whatever the token is.</summary>
    /// <returns>[rows, labels]; differentiable.</returns>
    /// <remarks>
    /// transformers looks for the last id that differs from the padding token instead of using the mask, so that it reads a text that ends in that token too early.
    /// </remarks>
    /// <exception cref="AlidadeException">There is no scoring head, or a row is too long.</exception>
    public Tensor Scores(TokenGrid grid)
    {
        using var scope = NewDisposeScope();
        var weight = NeededScoreWeight();
        var width = grid.Ids.size(1);
        var last = tensor(grid.LastTokens.Select((at, row) => (row * width) + at).ToArray(), device: Device);
        return nn.functional.linear(Hidden(grid).flatten(0, 1).index_select(0, last), weight).MoveToOuterDisposeScope();
    }

    /// <summary>Gives a model a new scoring head, normal with standard deviation 0.02 as the hub's models begin; saved, it is a sequence-classification model.</summary>
    /// <param name="labels">Number of scores; 1 for a reward model.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <exception cref="AlidadeException">There is no score to give, the model has a head already, or an adapter is in use.</exception>
    public void AddScoringHead(int labels, ulong seed)
    {
        if (Adapter is { } adapter)
            throw new AlidadeException($"{Name} cannot be given a scoring head while adapter '{adapter.Name}' is in use; stop using it first");
        using var scope = NewDisposeScope();
        SetScoringHead(NewScoringHead(labels, seed));
    }

    /// <summary>The weight of a new scoring head, in the caller's scope.</summary>
    internal Tensor NewScoringHead(int labels, ulong seed)
    {
        if (labels < 1)
            throw new AlidadeException($"a scoring head with {labels} labels has nothing to say; give it at least 1");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        using var generator = new Generator(seed, CPU);
        return (randn([labels, Config.Width], generator: generator) * 0.02).to(DType).to(Device).MoveToOuterDisposeScope();
    }

    private Tensor? ScoreWeight => Places.Slots.TryGetValue(ScoringConfig.WeightName, out var slot) ? slot.Value : Adapter?.Replacements.GetValueOrDefault(ScoringConfig.WeightName);

    private Tensor NeededScoreWeight() => ScoreWeight
        ?? throw new AlidadeException($"{Name} has no scoring head; load a sequence-classification model, use an adapter that has one, or add one");

    private void SetScoringHead(Tensor weight)
    {
        if (Places.Slots.ContainsKey(ScoringConfig.WeightName))
            throw new AlidadeException($"{Name} has a scoring head already");
        var own = weight.detach().clone().DetachFromDisposeScope();
        parameters.Add(ScoringConfig.WeightName, own);
        Places.AddSlot(ScoringConfig.WeightName, new(own));
        Config = Config with { Scoring = ScoringConfig.OfCount((int)weight.size(0)) };
    }
}
