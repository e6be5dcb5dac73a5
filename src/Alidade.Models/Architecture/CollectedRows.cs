using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// Rows of a table as a node of the graph that adds its gradient to that of the table in place; the graph's own would be a second table, most of it zeros.
/// </summary>
/// <remarks>Nothing in backward may throw: an exception there ends the process.</remarks>
internal sealed class CollectedRows : autograd.SingleTensorFunction<CollectedRows>
{
    public override string Name => nameof(CollectedRows);

    /// <param name="table">[entries, width]; a leaf that collects a gradient.</param>
    /// <param name="rows">[rows], int64.</param>
    /// <returns>[rows, width].</returns>
    public static Tensor Of(Tensor table, Tensor rows) => apply(table, rows);

    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        var (table, rows) = ((Tensor)vars[0], (Tensor)vars[1]);
        ctx.save_for_backward([rows]);
        ctx.save_data("table", new Func<Tensor>(() => table));
        return table.index_select(0, rows);
    }

    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
    {
        using var scope = NewDisposeScope();
        using var g = grad_output;
        LeafGradient.AddRows(((Func<Tensor>)ctx.get_data("table"))(), ctx.get_saved_variables()[0], g);
        return [null!, null!];
    }
}
