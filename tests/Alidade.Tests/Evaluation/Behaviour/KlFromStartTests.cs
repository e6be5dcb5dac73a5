using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Tests.Models;
using Alidade.Tests.Models.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Evaluation.Behaviour;

public sealed class KlFromStartTests
{
    private static readonly PreferencePair[] Pairs = [.. Enumerable.Range(0, 6).Select(i => new PreferencePair { Id = $"p{i}", Prompt = Prompt.OfMessages([new("user", $"question {i}")]), Chosen = "yes", Rejected = "no" })];

    [Fact]
    public void It_is_the_sum_over_the_vocabulary_at_each_token_of_the_answer()
    {
        using var model = TinyChat.Create();
        using var policy = Small.Trained(model, new() { Rank = 2 }, seed: 3);
        int[] prompt = [5, 9, 20], answer = [7, 30, 0];
        var found = KlFromStart.Divergences(model, policy, prompt, answer);
        for (var t = 0; t < answer.Length; t++)
        {
            int[] before = [.. prompt, .. answer.Take(t)];
            double[] after = NextToken(model, policy, before), start = NextToken(model, null, before);
            Assert.Equal(1, after.Sum(Math.Exp), 5);
            Assert.Equal(after.Zip(start, (p, q) => Math.Exp(p) * (p - q)).Sum(), found[t], 5);
        }
    }

    [Fact]
    public void A_policy_that_did_not_move_is_at_zero_and_one_that_moved_is_above()
    {
        using var model = TinyChat.Create();
        using var still = LoraAdapter.Create(model, "still", new() { Rank = 2 }, 1);
        using var moved = Small.Trained(model, new() { Rank = 2 }, seed: 3);
        var none = Run(model, still);
        Assert.Equal(0, none[0].Measurement.Value);
        Assert.Equal(0, none[1].Measurement.Value);
        var some = Run(model, moved);
        Assert.All(some[0].Items, i => Assert.True(i.Score > 0));
        // The sum over an answer is its mean times its tokens.
        Assert.All(some[0].Items.Zip(some[1].Items), i => Assert.True(i.Second.Score >= i.First.Score));
        Assert.Equal(6, some[0].Measurement.Count);
        Assert.NotNull(some[0].Measurement.Interval);
    }

    [Fact]
    public void The_same_seed_gives_the_same_answers_and_what_does_not_fit_is_counted()
    {
        using var model = TinyChat.Create(context: 64);
        using var policy = Small.Trained(model, new() { Rank = 2 }, seed: 3);
        PreferencePair[] pairs = [.. Pairs, Pairs[0] with { Id = "long", Prompt = Prompt.OfMessages([new("user", new string('x', 100))]) }];
        var (first, second) = (Run(model, policy, pairs), Run(model, policy, pairs));
        Assert.Equal(first[1].Items.Select(i => (i.Output, i.Score)), second[1].Items.Select(i => (i.Output, i.Score)));
        Assert.Equal(1, first[0].Measurement.Unscored[LocalModel.TooLong]);
    }

    private static IReadOnlyList<Alidade.Core.Results.MeasureResult> Run(CausalLM model, LoraAdapter policy, IReadOnlyList<PreferencePair>? pairs = null) =>
        new KlFromStart { Items = pairs ?? Pairs, MaxNewTokens = 6 }.Run(new() { Model = new LocalModel(model, "m"), Seed = 4, Cancellation = TestContext.Current.CancellationToken }, policy);

    // Each token of the vocabulary as a branch of its own: another path than the one that is tested.
    private static double[] NextToken(CausalLM model, LoraAdapter? adapter, int[] before)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        using var use = model.Use(adapter);
        var segments = new List<Segment> { new(before, new bool[before.Length], -1) };
        segments.AddRange(Enumerable.Range(0, model.Config.VocabularySize).Select(v => new Segment([v], [true], 0)));
        return [.. model.LogProbs(new BranchedBatch(segments)).to(ScalarType.Float64).data<double>().ToArray()];
    }
}
