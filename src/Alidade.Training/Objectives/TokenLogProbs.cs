using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>
/// Log-probabilities in nats of the scored tokens of some rows, without padding: only what counts is here, so nothing outside a mask can leak in.
/// </summary>
/// <param name="LogProbs">log p of each scored token, of shape [scored]; differentiable.</param>
/// <param name="RowOf">The row of each scored token.</param>
/// <param name="Rows">Number of rows; a row may have no scored token.</param>
public readonly record struct TokenLogProbs(Tensor LogProbs, IReadOnlyList<long> RowOf, int Rows)
{
    /// <summary>Entropy in nats over the full vocabulary at each scored token, of shape [scored], without gradient; null when nobody asked for it.</summary>
    public Tensor? Entropy { get; init; }

    /// <summary>1 where the first most probable token is the scored one, else 0, of shape [scored]; null when nobody asked for it.</summary>
    public Tensor? Correct { get; init; }

    /// <summary>From logits of any layout.</summary>
    /// <param name="logits">[rows, positions, vocabulary]; <c>logits[b, t]</c> predicts <c>labels[b, t]</c>, so they are shifted already.</param>
    /// <param name="labels">[rows, positions], int64.</param>
    /// <param name="mask">[rows, positions], 1 where the label counts.</param>
    /// <exception cref="AlidadeException">No token counts.</exception>
    public static TokenLogProbs OfLogits(Tensor logits, Tensor labels, Tensor mask)
    {
        var counts = mask.to(ScalarType.Int64).cpu().data<long>().ToArray();
        var width = mask.size(1);
        long[] scored = [.. Enumerable.Range(0, counts.Length).Where(i => counts[i] != 0).Select(i => (long)i)];
        if (scored.Length == 0)
            throw NothingScored();
        using var scope = NewDisposeScope();
        var index = tensor(scored, device: logits.device);
        var logp = logits.reshape(-1, logits.size(2)).index_select(0, index).log_softmax(-1);
        var targets = labels.reshape(-1).index_select(0, index);
        var value = logp.gather(1, targets.unsqueeze(1)).squeeze(1);
        using var noGrad = no_grad();
        var detached = logp.detach();
        var entropy = -(detached.exp() * detached).sum(-1);
        var correct = detached.argmax(-1).eq(targets).to(logits.dtype);
        return new(value.MoveToOuterDisposeScope(), [.. scored.Select(i => i / width)], (int)mask.size(0))
        {
            Entropy = entropy.MoveToOuterDisposeScope(),
            Correct = correct.MoveToOuterDisposeScope(),
        };
    }

    /// <summary>Sum over each row, of shape [rows]: ℓ of an answer, 0 for a row without scored tokens.</summary>
    public Tensor RowSums()
    {
        using var scope = NewDisposeScope();
        var index = tensor(RowOf.ToArray(), device: LogProbs.device);
        return zeros(Rows, LogProbs.dtype, LogProbs.device).index_add(0, index, LogProbs, 1).MoveToOuterDisposeScope();
    }

    /// <summary>Number of scored tokens of each row.</summary>
    public int[] RowLengths()
    {
        var lengths = new int[Rows];
        foreach (var row in RowOf)
            lengths[row]++;
        return lengths;
    }

    internal static AlidadeException NothingScored() =>
        new("no token of the batch is scored, so there is no loss: check the masks (prompts cut at the maximum length, answers that are empty)");
}
