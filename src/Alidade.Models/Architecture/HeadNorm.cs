using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>The norm of queries or keys; see <see cref="QueryKeyNorm"/>.</summary>
/// <param name="kind">Over what, and whose the gains are.</param>
/// <param name="norm">The norm; without a gain where each head has its own.</param>
/// <param name="gains">Where each head has its own: one tensor [heads, head size], or one of [head size] for each head. Else empty.</param>
internal sealed class HeadNorm(QueryKeyNorm kind, Norm norm, IReadOnlyList<WeightSlot> gains)
{
    /// <summary>The norm of each head where all share it (<see cref="QueryKeyNorm.PerHead"/>); else null.</summary>
    public Norm? Shared => kind == QueryKeyNorm.PerHead ? norm : null;

    /// <param name="x">[rows, positions, heads, head size].</param>
    /// <param name="tape">What is kept for backward; null where the graph keeps all.</param>
    /// <returns>The same shape.</returns>
    public Tensor Apply(Tensor x, BlockTape? tape = null)
    {
        using var scope = NewDisposeScope();
        return Scaled(norm.Apply(Input(x), tape)).view_as(x).MoveToOuterDisposeScope();
    }

    /// <summary>The same in steps; see <see cref="Norm.Apply(Tensor, HookRun, string)"/>.</summary>
    public Tensor Apply(Tensor x, HookRun hooks, string prefix)
    {
        using var scope = NewDisposeScope();
        return Scaled(norm.Apply(Input(x), hooks, prefix)).view_as(x).MoveToOuterDisposeScope();
    }

    private Tensor Input(Tensor x) => kind == QueryKeyNorm.AllHeads ? x.flatten(2) : x;

    private Tensor Scaled(Tensor x) => gains.Count == 0 ? x : x * (gains.Count == 1 ? gains[0].Value : stack(gains.Select(g => g.Value)));
}
