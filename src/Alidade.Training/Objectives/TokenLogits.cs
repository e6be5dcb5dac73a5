using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>Logits that predict the scored tokens of some rows, without padding.</summary>
/// <param name="Logits">z of each scored position, of shape [scored, vocabulary]; differentiable.</param>
/// <param name="Labels">The scored tokens, int64, [scored].</param>
/// <param name="RowOf">The row of each scored token.</param>
/// <param name="Rows">Number of rows; a row may have no scored token.</param>
public readonly record struct TokenLogits(Tensor Logits, Tensor Labels, IReadOnlyList<long> RowOf, int Rows)
{
    /// <summary>True for each row that is to be unlearned; null for none.</summary>
    public IReadOnlyList<bool>? Avoided { get; init; }

    /// <summary>Logits of a teacher model at the same positions, [scored, vocabulary], without gradient; null when nobody asked for them.</summary>
    public Tensor? Teacher { get; init; }

    /// <summary>A uniform random number in [0, 1) for each scored token, [scored]; null when nobody asked for them.</summary>
    public Tensor? Draws { get; init; }

    /// <summary>From logits of any layout.</summary>
    /// <param name="logits">[rows, positions, vocabulary]; <c>logits[b, t]</c> predicts <c>labels[b, t]</c>, so they are shifted already.</param>
    /// <param name="labels">[rows, positions], int64.</param>
    /// <param name="mask">[rows, positions], 1 where the label counts.</param>
    /// <param name="teacher">Logits of a teacher, as <paramref name="logits"/>; null for none.</param>
    /// <exception cref="AlidadeException">No token counts.</exception>
    public static TokenLogits Of(Tensor logits, Tensor labels, Tensor mask, Tensor? teacher = null)
    {
        var counts = mask.to(ScalarType.Int64).cpu().data<long>().ToArray();
        var width = mask.size(1);
        long[] scored = [.. Enumerable.Range(0, counts.Length).Where(i => counts[i] != 0).Select(i => (long)i)];
        if (scored.Length == 0)
            throw TokenLogProbs.NothingScored();
        using var index = tensor(scored, device: logits.device);
        Tensor Rowwise(Tensor values)
        {
            using var scope = NewDisposeScope();
            return values.reshape(-1, values.size(2)).index_select(0, index).MoveToOuterDisposeScope();
        }

        using var flat = labels.reshape(-1);
        return new(Rowwise(logits), flat.index_select(0, index), [.. scored.Select(i => i / width)], (int)mask.size(0))
        {
            Teacher = teacher is null ? null : Rowwise(teacher),
        };
    }

    /// <summary>log softmax of the logits, [scored, vocabulary].</summary>
    public Tensor LogSoftmax() => Logits.log_softmax(-1);

    /// <summary>The log-probabilities of the scored tokens, with entropy and correctness.</summary>
    /// <param name="logSoftmax">From <see cref="LogSoftmax"/>; null to compute it.</param>
    public TokenLogProbs Selected(Tensor? logSoftmax = null)
    {
        using var scope = NewDisposeScope();
        var all = logSoftmax ?? LogSoftmax();
        var value = all.gather(1, Labels.unsqueeze(1)).squeeze(1);
        using var noGrad = no_grad();
        var detached = all.detach();
        var entropy = -(detached.exp() * detached).sum(-1);
        var correct = detached.argmax(-1).eq(Labels).to(Logits.dtype);
        return new(value.MoveToOuterDisposeScope(), RowOf, Rows)
        {
            Entropy = entropy.MoveToOuterDisposeScope(),
            Correct = correct.MoveToOuterDisposeScope(),
            Avoided = Avoided,
        };
    }

    /// <summary>What each row has for a mean.</summary>
    public RowShare[] Shares() => TokenLogProbs.SharesOf(new TokenLogProbs(Logits, RowOf, Rows).RowLengths(), null, Avoided);

    /// <summary>The same tokens, once there is at least one.</summary>
    /// <exception cref="AlidadeException">There is none.</exception>
    internal TokenLogits Checked() => RowOf.Count > 0 ? this : throw TokenLogProbs.NothingScored();
}
