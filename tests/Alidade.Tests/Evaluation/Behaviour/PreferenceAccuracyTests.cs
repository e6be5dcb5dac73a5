using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Behaviour;
using Alidade.Models.Batches;
using Alidade.Models.Chat;
using Alidade.Tests.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Evaluation.Behaviour;

public sealed class PreferenceAccuracyTests
{
    private static PreferencePair Pair(string id, string question, string chosen, string rejected) =>
        new() { Id = id, Prompt = Prompt.OfMessages([new("user", question)]), Chosen = chosen, Rejected = rejected };

    [Fact]
    public void The_margin_is_the_difference_of_the_sums_over_answer_and_mark()
    {
        using var model = TinyChat.Create();
        var result = new PreferenceAccuracy { Items = [Pair("a", "hi", "yes", "never")] }.Run(model)[1];
        double Sum(string answer)
        {
            using var scope = NewDisposeScope();
            var prompt = ChatEncoder.Prompt(model, [new("user", "hi")]);
            int[] whole = [.. prompt, .. model.Tokenizer.Encode(answer + "<|im_end|>")];
            return model.LogProbs(BranchedBatch.OfTexts([whole]))[(prompt.Length - 1)..].sum().item<float>();
        }

        Assert.Equal(Sum("yes") - Sum("never"), result.Measurement.Value!.Value, 4);
    }

    [Fact]
    public void Exchanging_the_answers_turns_the_share_over_and_a_tie_counts_one_half()
    {
        using var model = TinyChat.Create();
        PreferencePair[] pairs = [.. Enumerable.Range(0, 9).Select(i => Pair($"p{i}", $"question {i}", $"reply {i}", $"reply {i * 11}!")), Pair("tie", "q", "same", "same")];
        var forth = new PreferenceAccuracy { Items = pairs }.Run(model);
        var back = new PreferenceAccuracy { Items = [.. pairs.Select(p => p with { Chosen = p.Rejected, Rejected = p.Chosen })] }.Run(model);
        Assert.Equal(1, forth[0].Measurement.Value!.Value + back[0].Measurement.Value!.Value, 12);
        Assert.Equal(0, forth[1].Measurement.Value!.Value + back[1].Measurement.Value!.Value, 9);
        Assert.Equal(0.5, forth[0].Items[^1].Score);
        Assert.Equal("a tie", forth[0].Items[^1].Why);
    }

    [Fact]
    public void Pairs_of_one_prompt_are_a_cluster_and_pairs_that_do_not_fit_are_counted()
    {
        using var model = TinyChat.Create(context: 64);
        var results = new PreferenceAccuracy { Items = [Pair("a", "q", "x", "y"), Pair("b", "q", "z", "y"), Pair("c", "w", new string('x', 80), "y")] }.Run(model);
        Assert.Equal(results[0].Items[0].Cluster, results[0].Items[1].Cluster);
        Assert.NotNull(results[0].Items[0].Cluster);
        Assert.Equal(1, results[0].Measurement.Unscored["longer than the model's context"]);
    }
}
