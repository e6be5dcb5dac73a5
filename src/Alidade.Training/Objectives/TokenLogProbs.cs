using Alidade.Core;
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

    /// <summary>Weight of each row; null for 1.</summary>
    public IReadOnlyList<double>? RowWeights { get; init; }

    /// <summary>True for each row that is to be unlearned; null for none.</summary>
    public IReadOnlyList<bool>? Avoided { get; init; }

    /// <summary>Weight of each scored token; null for 1.</summary>
    public IReadOnlyList<double>? TokenWeights { get; init; }

    /// <summary>From logits of any layout.</summary>
    /// <param name="logits">[rows, positions, vocabulary]; <c>logits[b, t]</c> predicts <c>labels[b, t]</c>, so they are shifted already.</param>
    /// <param name="labels">[rows, positions], int64.</param>
    /// <param name="mask">[rows, positions], 1 where the label counts.</param>
    /// <exception cref="AlidadeException">No token counts.</exception>
    public static TokenLogProbs OfLogits(Tensor logits, Tensor labels, Tensor mask)
    {
        using var scope = NewDisposeScope();
        var result = TokenLogits.Of(logits, labels, mask).Selected();
        return result with
        {
            LogProbs = result.LogProbs.MoveToOuterDisposeScope(),
            Entropy = result.Entropy!.MoveToOuterDisposeScope(),
            Correct = result.Correct!.MoveToOuterDisposeScope(),
        };
    }

    /// <summary>Sum over each row, of shape [rows]: ℓ of an answer, 0 for a row without scored tokens.</summary>
    public Tensor RowSums() => RowSums(LogProbs);

    /// <summary>Sum over each row of a number for each scored token.</summary>
    /// <param name="values">[scored].</param>
    /// <returns>[rows].</returns>
    public Tensor RowSums(Tensor values) => SumOfRows(values, RowOf, Rows);

    /// <summary>Number of scored tokens of each row.</summary>
    public int[] RowLengths()
    {
        var lengths = new int[Rows];
        foreach (var row in RowOf)
            lengths[row]++;
        return lengths;
    }

    /// <summary>What each row has for a mean.</summary>
    public RowShare[] Shares()
    {
        var shares = SharesOf(RowLengths(), RowWeights, Avoided);
        if (TokenWeights is { } weights)
        {
            var sums = new double[Rows];
            for (var i = 0; i < weights.Count; i++)
                sums[RowOf[i]] += weights[i];
            shares = [.. shares.Select((s, row) => s with { TokenWeight = sums[row] })];
        }

        return shares;
    }

    internal static RowShare[] SharesOf(int[] lengths, IReadOnlyList<double>? weights, IReadOnlyList<bool>? avoided) =>
        [.. lengths.Select((n, row) => new RowShare(n) { Weight = weights?[row] ?? 1, Avoided = avoided?[row] ?? false })];

    internal static Tensor SumOfRows(Tensor values, IReadOnlyList<long> rowOf, int rows)
    {
        using var scope = NewDisposeScope();
        var index = tensor(rowOf.ToArray(), device: values.device);
        return zeros(rows, values.dtype, values.device).index_add(0, index, values, 1).MoveToOuterDisposeScope();
    }

    internal static Tensor Numbers(IEnumerable<double> values, Tensor like) => tensor(values.ToArray(), like.dtype, like.device);

    internal static AlidadeException NothingScored() =>
        new("no token of the batch is scored, so there is no loss: check the masks (prompts cut at the maximum length, answers that are empty)");
}
