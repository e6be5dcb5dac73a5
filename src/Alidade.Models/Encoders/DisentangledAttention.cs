using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>The projections of relative positions in one block.</summary>
/// <param name="Key">Gives what contents attend to; the block's own key projection when positions share it. Null without content-to-position.</param>
/// <param name="Query">Gives what attends to contents. Null without position-to-content.</param>
internal readonly record struct PositionProjections(Linear? Key, Linear? Query);

/// <summary>
/// What disentangled attention adds to the products of contents: A_ij = q_i·k_j + q_i·K_δ(i,j) + k_j·Q_δ(i,j), with K and Q the key and query projections of
/// a table of relative positions, all divided by √(d·terms).
/// </summary>
/// <remarks>
/// He et al. 2021 (arXiv 2006.03654), eq. 4; the logarithmic buckets are those of the authors' second version. Eq. 4 writes δ(j,i) in the last term, the
/// authors' code and all published weights have δ(i,j).
/// </remarks>
internal sealed class DisentangledAttention(DisentangledConfig config, Tensor table, Norm? norm)
{
    /// <summary>The summands of a score, by whose number it is scaled.</summary>
    public int Terms => 1 + (config.ContentToPosition ? 1 : 0) + (config.PositionToContent ? 1 : 0);

    /// <summary>The vectors of the relative positions, [2·span, width].</summary>
    public Tensor Positions() => norm is null ? table.alias() : norm.Apply(table);

    /// <summary>δ(i,j): the row of the table for the distance from query i to key j, [length, length], int64.</summary>
    public Tensor Rows(int length, Device device)
    {
        using var scope = NewDisposeScope();
        var places = arange(length, ScalarType.Int64);
        var distance = places.unsqueeze(1) - places.unsqueeze(0);
        var bucket = config.Buckets > 0 ? Bucket(distance) : distance;
        return (bucket + config.Span).clamp(0, (2 * config.Span) - 1).to(device).MoveToOuterDisposeScope();
    }

    /// <summary>The summands that hold positions, not yet scaled.</summary>
    /// <param name="q">[rows, heads, queries, head size].</param>
    /// <param name="k">[rows, heads, keys, head size].</param>
    /// <param name="positions">Of <see cref="Positions"/>.</param>
    /// <param name="tableRows">Of <see cref="Rows"/>.</param>
    /// <param name="projections">Of the block.</param>
    /// <returns>[rows, heads, queries, keys].</returns>
    public Tensor Scores(Tensor q, Tensor k, Tensor positions, Tensor tableRows, PositionProjections projections)
    {
        using var scope = NewDisposeScope();
        var (rows, heads, length, dim) = (q.size(0), q.size(1), q.size(2), q.size(3));
        var chosen = tableRows.expand(rows, heads, length, length);
        Tensor Against(Linear projection, Tensor content) =>
            matmul(content, projection.Apply(positions).view(-1, heads, dim).permute(1, 2, 0));
        Tensor? scores = null;
        if (projections.Key is { } key)
            scores = Against(key, q).gather(-1, chosen);
        if (projections.Query is { } query)
        {
            // Rows are keys here, so that the table's rows and the result are turned.
            var turned = Against(query, k).gather(-1, chosen.transpose(2, 3)).transpose(2, 3);
            scores = scores is null ? turned : scores + turned;
        }

        return (scores ?? zeros([1, 1, 1, 1], q.dtype, q.device)).MoveToOuterDisposeScope();
    }

    // sign(δ)·(m + ⌈ln(|δ|/m) / ln((max − 1)/m) · (m − 1)⌉) beyond m = buckets/2. In float32 as in the reference: near a border the rounding decides.
    private Tensor Bucket(Tensor distance)
    {
        using var scope = NewDisposeScope();
        var middle = config.Buckets / 2;
        var size = distance.abs();
        using var divisor = tensor((config.MaxDistance - 1) / (double)middle, ScalarType.Float32).log();
        var logarithm = size.clamp(min: middle).to(ScalarType.Float32).div(middle).log().div(divisor).mul(middle - 1).ceil().add(middle);
        return where(size.le(middle), distance, logarithm.to(ScalarType.Int64) * distance.sign()).MoveToOuterDisposeScope();
    }
}
