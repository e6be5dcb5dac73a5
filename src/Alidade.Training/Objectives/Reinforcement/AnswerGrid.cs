using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>Lays the scored tokens of a packed batch out as [rows, positions], each row's tokens from the left.</summary>
/// <remarks>Only single numbers per token are laid out, never logits, so the padding costs nothing that matters.</remarks>
public sealed class AnswerGrid
{
    private readonly long[] places;
    private readonly int[] lengths;

    /// <summary>From the row of each scored token.</summary>
    /// <param name="rowOf">The row of each token, as <see cref="TokenLogProbs.RowOf"/>; the tokens of a row stand in order.</param>
    /// <param name="rows">Number of rows.</param>
    public AnswerGrid(IReadOnlyList<long> rowOf, int rows)
    {
        lengths = new int[rows];
        var columns = new int[rowOf.Count];
        for (var i = 0; i < rowOf.Count; i++)
            columns[i] = lengths[rowOf[i]]++;
        Width = lengths.Length == 0 ? 0 : lengths.Max();
        places = [.. rowOf.Select((row, i) => (row * Width) + columns[i])];
    }

    /// <summary>Positions: the longest row.</summary>
    public int Width { get; }

    /// <summary>Where each scored token lies.</summary>
    internal IEnumerable<(int Row, int Column)> Places => places.Select(p => ((int)(p / Width), (int)(p % Width)));

    /// <summary>Tokens of each row.</summary>
    public IReadOnlyList<int> Lengths => lengths;

    /// <summary>Values on the grid, 0 elsewhere; differentiable.</summary>
    /// <param name="values">[scored].</param>
    public Tensor Spread(Tensor values)
    {
        if (values.size(0) != places.Length)
            throw new AlidadeException($"{values.size(0)} values for {places.Length} scored tokens");
        using var scope = NewDisposeScope();
        var index = tensor(places, device: values.device);
        return zeros(lengths.Length * Width, values.dtype, values.device).index_copy(0, index, values).view(lengths.Length, Width).MoveToOuterDisposeScope();
    }

    /// <summary>1 where a token stands, in the type and on the device of <paramref name="like"/>.</summary>
    public Tensor MaskLike(Tensor like)
    {
        using var scope = NewDisposeScope();
        return Spread(ones(places.Length, like.dtype, like.device)).MoveToOuterDisposeScope();
    }

    /// <summary>A grid of the same layout back to one value a token, of shape [scored].</summary>
    /// <param name="grid">[rows, positions].</param>
    public Tensor Gather(Tensor grid)
    {
        using var scope = NewDisposeScope();
        return grid.reshape(-1).index_select(0, tensor(places, device: grid.device)).MoveToOuterDisposeScope();
    }
}
