using Alidade.Core.Statistics;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Tests.Training.Trainers;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Attention;

public sealed class BranchedAttentionTests : IDisposable
{
    private const int Vocabulary = 29;

    private readonly OneThread thread = new();
    private readonly CausalLM model = Tiny.Model(context: 512);

    public void Dispose()
    {
        model.Dispose();
        thread.Dispose();
    }

    // Trees above 192 tokens go segment by segment, smaller ones in blocks; both kinds in one batch, in either order.
    [Theory]
    [InlineData(new[] { 150, 40, 30 }, new[] { 9, 5, 4 })]
    [InlineData(new[] { 9, 5, 4 }, new[] { 150, 40, 30 })]
    [InlineData(new[] { 150, 40, 30 }, new[] { 100, 70, 90 })]
    public void Large_and_small_trees_of_one_batch_have_the_log_probabilities_and_gradients_of_their_paths_alone(int[] first, int[] second)
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(9);
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextInt(Vocabulary))];
        var segments = new List<Segment>();
        foreach (var tree in new[] { first, second })
        {
            // A prefix, its branch, and a branch of that branch.
            for (var s = 0; s < tree.Length; s++)
                segments.Add(new(Ids(tree[s]), [.. Enumerable.Repeat(s > 0, tree[s])], s == 0 ? -1 : segments.Count - 1));
        }

        var batch = new BranchedBatch(segments);
        var paths = new[] { 0, 3 }.Select(root => segments.Slice(root, 3).SelectMany(s => s.Ids).ToArray()).ToArray();
        AssertClose(Alone(paths, segments), model.LogProbs(batch), 1e-5f);
        var weights = linspace(-1, 1, batch.ScoredCount);
        foreach (var parameter in model.Parameters.Values)
            parameter.requires_grad_(true);
        foreach (var (expected, actual) in Gradients(() => (Alone(paths, segments) * weights).sum()).Zip(Gradients(() => (model.LogProbs(batch) * weights).sum())))
            AssertClose(expected, actual, 1e-5f);
    }

    // What a hidden token is does not matter to any later one, but to the prediction made at itself.
    [Theory]
    [InlineData(20, 12)]
    [InlineData(230, 40)]
    public void A_hidden_token_is_seen_by_no_later_one_of_its_segment_or_of_a_branch(int prefix, int branch)
    {
        using var scope = NewDisposeScope();
        var random = new SeededRandom(9);
        int[][] ids = [.. new[] { prefix, branch }.Select(n => Enumerable.Range(0, n).Select(_ => random.NextInt(Vocabulary)).ToArray())];
        foreach (var (segment, at) in new[] { (0, 5), (1, 3) })
        {
            float[] LogProbs(int id, bool hide)
            {
                int[][] changed = [.. ids.Select(list => list.ToArray())];
                changed[segment][at] = id;
                var segments = changed.Select((list, s) => new Segment(list, [.. list.Select((_, i) => s > 0 || i > 0)], s - 1)
                {
                    Hidden = hide && s == segment ? [.. list.Select((_, i) => i == at)] : null,
                });
                return model.LogProbs(new BranchedBatch([.. segments])).data<float>().ToArray();
            }

            var from = (segment == 0 ? 0 : prefix) + at + 1;
            Assert.Equal(LogProbs(1, true)[from..], LogProbs(2, true)[from..]);
            Assert.NotEqual(LogProbs(1, false)[from..], LogProbs(2, false)[from..]);
            Assert.All(LogProbs(1, false)[..from].Zip(LogProbs(1, true)), p => Assert.Equal(p.First, p.Second, 1e-5f));
        }
    }

    private Tensor Alone(int[][] paths, List<Segment> segments) => cat([.. paths.Select((ids, tree) =>
    {
        using var grid = TokenGrid.Of(ids);
        var prefix = segments[3 * tree].Ids.Count;
        var scores = model.Logits(grid).squeeze(0).log_softmax(-1).narrow(0, prefix - 1, ids.Length - prefix);
        return scores.gather(1, tensor(ids[prefix..].Select(id => (long)id).ToArray()).unsqueeze(1)).squeeze(1);
    })]);

    private List<Tensor> Gradients(Func<Tensor> loss)
    {
        foreach (var parameter in model.Parameters.Values)
            parameter.grad = null;
        loss().backward();
        return [.. model.Parameters.Values.Select(p => p.grad!.clone())];
    }

    private static void AssertClose(Tensor expected, Tensor actual, float within) =>
        Assert.InRange((expected - actual).abs().max().item<float>() / (1 + expected.abs().max().item<float>()), 0, within);
}
