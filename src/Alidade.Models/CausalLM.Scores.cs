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
        var head = NeededScoringHead();
        return head(HiddenAt(batch, batch.LeafEnds)).MoveToOuterDisposeScope();
    }

    /// <summary>Scores read at some tokens of a batch, such as the last ones of steps; which tokens are scored for their log-probability does not matter.</summary>
    /// <param name="batch">The texts.</param>
    /// <param name="places">Segments and the tokens in them at which the scores are read.</param>
    /// <returns>[places, labels]; differentiable.</returns>
    /// <exception cref="AlidadeException">There is no scoring head, no place, a place that does not exist, or a text is too long.</exception>
    public Tensor ScoresAt(BranchedBatch batch, IReadOnlyList<(int Segment, int Token)> places)
    {
        if (places.Count == 0)
            throw new AlidadeException("no place of the batch is named, so there is nothing to score");
        foreach (var (segment, token) in places)
            if (segment < 0 || segment >= batch.Segments.Count || token < 0 || token >= batch.Segments[segment].Ids.Count)
                throw new AlidadeException($"segment {segment} of the batch has no token {token}");
        using var scope = NewDisposeScope();
        var head = NeededScoringHead();
        return head(HiddenAt(batch, [.. places.Select(p => (long)batch.Offsets[p.Segment] + p.Token)])).MoveToOuterDisposeScope();
    }

    /// <summary>Scores read where each scored token is predicted, that is before it: the values of a critic.</summary>
    /// <param name="batch">The texts; some token is scored.</param>
    /// <returns>[scored, labels], in the order of <see cref="BranchedBatch.SegmentOfScored"/>; differentiable.</returns>
    /// <exception cref="AlidadeException">There is no scoring head, or a text is too long.</exception>
    public Tensor ScoresBefore(BranchedBatch batch)
    {
        using var scope = NewDisposeScope();
        var head = NeededScoringHead();
        return head(ScoredHidden(batch)).MoveToOuterDisposeScope();
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
        var head = NeededScoringHead();
        var width = grid.Ids.size(1);
        var last = tensor(grid.LastTokens.Select((at, row) => (row * width) + at).ToArray(), device: Device);
        return head(Hidden(grid).flatten(0, 1).index_select(0, last)).MoveToOuterDisposeScope();
    }

    /// <summary>Gives a model a new scoring head, normal with standard deviation 0.02 as the hub's models begin; saved, it is a sequence-classification model.</summary>
    /// <param name="labels">Number of scores; 1 for a reward model.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <exception cref="AlidadeException">There is no score to give, the model has a head already, or an adapter is in use.</exception>
    public void AddScoringHead(int labels, ulong seed)
    {
        CheckNoAdapterInUse();
        using var scope = NewDisposeScope();
        SetScoringHead(NewScoringHead(labels, seed));
    }

    /// <summary>As <see cref="AddScoringHead(int, ulong)"/>, with names of the scores, which a saved model keeps.</summary>
    /// <param name="labels">Names, in the order of the scores.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <exception cref="AlidadeException">There is no score to give, a name is there twice, the model has a head already, or an adapter is in use.</exception>
    public void AddScoringHead(IReadOnlyList<string> labels, ulong seed)
    {
        if (labels.Distinct(StringComparer.Ordinal).Count() < labels.Count)
            throw new AlidadeException($"the labels of a scoring head must differ: {string.Join(", ", labels)}");
        AddScoringHead(labels.Count, seed);
        Config = Config with { Scoring = Config.Scoring! with { Labels = [.. labels] } };
    }

    /// <summary>Gives a model a new head for scores of single tokens, with a bias that begins at 0; saved, it is a token-classification model.</summary>
    /// <param name="labels">Number of scores; 2 for a process reward model.</param>
    /// <param name="seed">Seed of the weights.</param>
    /// <exception cref="AlidadeException">There is no score to give, the model has a head already, or an adapter is in use.</exception>
    public void AddTokenScoringHead(int labels, ulong seed)
    {
        CheckNoAdapterInUse();
        using var scope = NewDisposeScope();
        SetScoringHead(NewScoringHead(labels, seed), zeros([labels], DType, Device));
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

    /// <summary>Number of scores that the head gives; 0 without a head.</summary>
    public int ScoringLabels => (int)(ScoreWeight?.size(0) ?? 0);

    private Tensor? ScoreWeight => ScorePart(ScoringConfig.WeightName);

    private Tensor? ScorePart(string name) => Places.Slots.TryGetValue(name, out var slot) ? slot.Value : Adapter?.Replacements.GetValueOrDefault(name);

    // From hidden states [.., width] to scores [.., labels].
    private Func<Tensor, Tensor> NeededScoringHead()
    {
        var weight = ScoreWeight ?? throw new AlidadeException($"{Name} has no scoring head; load a sequence-classification model, use an adapter that has one, or add one");
        var bias = ScorePart(ScoringConfig.BiasName);
        return hidden => nn.functional.linear(hidden, weight, bias);
    }

    private void CheckNoAdapterInUse()
    {
        if (Adapter is { } adapter)
            throw new AlidadeException($"{Name} cannot be given a scoring head while adapter '{adapter.Name}' is in use; stop using it first");
    }

    private void SetScoringHead(Tensor weight, Tensor? bias = null)
    {
        if (Places.Slots.ContainsKey(ScoringConfig.WeightName))
            throw new AlidadeException($"{Name} has a scoring head already");
        foreach (var (name, value) in new[] { (ScoringConfig.WeightName, weight), (ScoringConfig.BiasName, bias) })
        {
            if (value is null)
                continue;
            var own = value.detach().clone().DetachFromDisposeScope();
            parameters.Add(name, own);
            Places.AddSlot(name, new(own));
        }

        Config = Config with { Scoring = ScoringConfig.OfCount((int)weight.size(0)) with { OfTokens = bias is not null, PadToken = tokenizer.Found?.Padding } };
    }
}
