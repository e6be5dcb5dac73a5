using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.General;
using Alidade.Evaluation.Likelihood;
using Alidade.Models.Batches;
using Alidade.Tests.Models;
using CsCheck;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Evaluation.General;

public sealed class PerplexityTests
{
    private const string Text = "The lighthouse keeper wrote down the wind, the tide and the names of the ships, every evening for thirty years.";

    [Fact]
    public void Every_token_is_predicted_once_from_what_stands_before_it() =>
        Gen.Select(Gen.Int[0, 60], Gen.Int[1, 12]).SelectMany((count, length) => Gen.Int[1, length].Select(seen => (count, length, seen))).Sample(c =>
        {
            var ids = Enumerable.Range(100, c.count).ToArray();
            var windows = RollingWindows.Of(ids, 7, c.length, c.seen);
            Assert.Equal(ids, windows.SelectMany(w => w.Predicted));
            int[] whole = [7, .. ids];
            Assert.All(windows, w =>
            {
                var end = w.Predicted[^1] - 98;
                Assert.Equal(whole[(end - w.Context.Count - w.Predicted.Count)..end], w.Context.Concat(w.Predicted));
                Assert.InRange(w.Context.Count + w.Predicted.Count, 2, c.length + 1);
                Assert.InRange(w.Context.Count, w.Context[0] == 7 ? 1 : c.seen, c.length);
            });
        });

    [Fact]
    public void The_perplexity_of_a_text_that_fits_is_that_of_its_plain_log_probabilities()
    {
        using var model = TinyChat.Create();
        var results = new Perplexity { Items = [new("t", Text)] }.Run(model);
        using var scope = NewDisposeScope();
        int[] ids = [1, .. model.Tokenizer.Encode(Text)];
        var nats = -model.LogProbs(BranchedBatch.OfTexts([ids])).mean().item<float>();
        Assert.Equal(nats, results[0].Measurement.Value!.Value, 5);
        Assert.Equal(Math.Exp(nats), results[1].Measurement.Value!.Value, 2);
        Assert.Equal(Text, Assert.Single(results[0].Items).Input);
    }

    [Fact]
    public void Windows_of_one_text_are_a_cluster_and_texts_of_unequal_length_weigh_by_their_tokens_in_the_perplexity()
    {
        using var model = TinyChat.Create();
        var results = new Perplexity { Items = [new("long", Text), new("short", "Ships."), new("other", "Wind and tide.")], Window = 40, Seen = 20 }.Run(model);
        var items = results[0].Items;
        Assert.Equal(["long/1", "long/2", "long/3", "long/4", "long/5", "short", "other"], items.Select(i => i.Id));
        Assert.Equal(3, items.Select(i => i.Cluster).Distinct().Count());
        Assert.Equal(Text, string.Concat(items.Take(5).Select(i => i.Input)));
        double[] tokens = [.. items.Select(i => (double)model.Tokenizer.Encode(i.Input).Length)];
        var expected = Math.Exp(items.Zip(tokens, (i, t) => i.Score!.Value * t).Sum() / tokens.Sum());
        Assert.Equal(expected, results[1].Measurement.Value!.Value, 8);
        Assert.InRange(expected, results[1].Measurement.Interval!.Low, results[1].Measurement.Interval!.High);
    }

    [Fact]
    public void A_window_that_does_not_fit_is_an_error()
    {
        using var model = TinyChat.Create(context: 32);
        Assert.Throws<AlidadeException>(() => new Perplexity { Items = [new("t", Text)], Window = 32 }.Run(model));
    }
}
