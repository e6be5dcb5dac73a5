using Alidade.Models.Quantized;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A table of vectors, one for each token or position: a projection of one-hot rows, stored as [in, out].</summary>
/// <param name="name">Name of the module in the family's files.</param>
/// <param name="weight">[entries, width].</param>
internal sealed class Embedding(string name, WeightSlot weight) : AdaptableModule(name, weight, inputMajor: true)
{
    /// <param name="ids">[rows, positions], int64.</param>
    /// <param name="inPlace">Whether the gradient of the table is added to what it has collected, and not handed to the graph.</param>
    /// <returns>[rows, positions, width].</returns>
    public Tensor Apply(Tensor ids, bool inPlace = false)
    {
        using var scope = NewDisposeScope();
        var flat = ids.flatten();
        var rows = Packed is { } table ? PackedLinear.Rows(table, flat)
            : inPlace && Weight is { requires_grad: true, is_leaf: true } ? CollectedRows.Of(Weight, flat)
            : Weight.index_select(0, flat);
        if (Update is { } update)
        {
            rows = update.Add(rows, update.A.index_select(1, flat).t());
            if (update.Magnitude is not null)
                rows = rows * update.OutputFactor(Weight, InputMajor);
        }

        return rows.view(ids.size(0), ids.size(1), -1).MoveToOuterDisposeScope();
    }
}
