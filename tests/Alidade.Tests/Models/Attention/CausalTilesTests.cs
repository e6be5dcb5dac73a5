using Alidade.Models.Attention;
using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Attention;

public sealed class CausalTilesTests
{
    private const int KeyHeads = 2, Heads = 6, HeadDim = 8;

    // One tile and less, whole tiles, odd ends, and all of them behind other keys.
    [Theory]
    [InlineData(1, 0)]
    [InlineData(128, 0)]
    [InlineData(256, 0)]
    [InlineData(300, 0)]
    [InlineData(517, 0)]
    [InlineData(640, 0)]
    [InlineData(1, 5)]
    [InlineData(131, 1)]
    [InlineData(256, 300)]
    [InlineData(393, 77)]
    public void Tiles_give_the_output_and_the_gradients_of_plain_attention(long queries, long before)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = (Normal(1, queries, Heads), Normal(2, before + queries, KeyHeads), Normal(3, before + queries, KeyHeads));
        var gradient = Normal(4, queries, Heads);
        foreach (var scale in (double?[])[null, 0.3])
        {
            var (plainQ, plainK, plainV) = (q.detach().requires_grad_(), k.detach().requires_grad_(), v.detach().requires_grad_());
            var expected = Plain(plainQ, plainK, plainV, before, scale ?? 1 / Math.Sqrt(HeadDim));
            expected.backward([gradient]);

            // The longest text may be longer than this one.
            using var tiles = new CausalTiles(before + queries + 9, ScalarType.Float64, CPU);
            var (output, logSums) = tiles.Forward(q, k, v, scale);
            var (dq, dk, dv) = CausalTiles.Backward(gradient, q, k, v, output, logSums, scale);
            Near(expected, output);
            Near(plainQ.grad!, dq);
            Near(plainK.grad!, dk);
            Near(plainV.grad!, dv);
        }
    }

    private static Tensor Plain(Tensor q, Tensor k, Tensor v, long before, double scale)
    {
        var (queries, keys) = (q.size(2), k.size(2));
        var hidden = ones(queries, keys, ScalarType.Bool).triu(before + 1);
        var scores = q.matmul(k.repeat_interleave(Heads / KeyHeads, 1).transpose(2, 3)).mul(Scalars.Of(scale)).masked_fill(hidden, Scalars.MinusInfinity);
        return scores.softmax(-1).matmul(v.repeat_interleave(Heads / KeyHeads, 1));
    }

    // [1, heads, positions, head size], positions outermost in memory, as the decoder has them.
    private static Tensor Normal(int seed, long positions, int heads) =>
        randn([1, positions, heads, HeadDim], ScalarType.Float64, generator: new Generator((ulong)seed)).transpose(1, 2);

    private static void Near(Tensor expected, Tensor actual) => Assert.InRange((expected - actual).abs().max().item<double>(), 0, 1e-12);
}
