using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Models.Batches;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Adapters;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models;

/// <summary>Scoring heads of models and adapters.</summary>
public sealed class ScoringTests
{
    private static readonly int[][] Texts = [[3, 9, 4, 0], [7], [5, 5, 2, 11, 0, 0, 6]];

    [Fact]
    public void Branched_packed_and_padded_texts_have_the_same_scores_and_gradients()
    {
        using var model = Small.Model("llama");
        using var reward = Small.Trained(model, new() { Rank = 2, ScoringLabels = 2 }, 3);
        using var use = model.Use(reward);
        using var left = TokenGrid.Padded(Texts, padLeft: true);
        using var right = TokenGrid.Padded(Texts, padLeft: false);
        var prefix = new BranchedBatch([new([3, 9], [false, false], -1), new([4, 0], [false, false], 0), new([1], [true], 0)]);
        var expected = Scores(() => model.Scores(BranchedBatch.OfTexts(Texts)));
        Same(expected, Scores(() => model.Scores(left)));
        Same(expected, Scores(() => model.Scores(right)));
        var branched = Scores(() => model.Scores(prefix));
        Same(Scores(() => model.Scores(BranchedBatch.OfTexts([[3, 9, 4, 0], [3, 9, 1]]))), branched);
        using (model.Hooks.Add("blocks.0.hook_resid_pre", (x, _) => x.clone()))
            Same(branched, Scores(() => model.Scores(prefix)));

        (float[] Values, float[] Gradient) Scores(Func<Tensor> scores)
        {
            using var scope = NewDisposeScope();
            foreach (var (_, value) in reward.Parameters)
                value.grad = null;
            var result = scores();
            result.square().sum().backward();
            return (result.data<float>().ToArray(), [.. reward.Parameters.SelectMany(p => p.Value.grad!.flatten().data<float>().ToArray())]);
        }

        static void Same((float[] Values, float[] Gradient) a, (float[] Values, float[] Gradient) b)
        {
            Small.Close(a.Values, b.Values, 1e-5);
            Small.Close(a.Gradient, b.Gradient, 1e-4);
        }
    }

    [Fact]
    public void A_reward_adapter_is_a_role_over_a_language_model_and_merged_it_is_a_sequence_classification_model()
    {
        using var folder = new TemporaryFolder();
        using var model = Small.Model("gpt2");
        using var reward = Small.Trained(model, new() { Rank = 2, ScoringLabels = 1 }, 3);
        Refused(() => model.Scores(BranchedBatch.OfTexts(Texts)), "no scoring head");
        PeftFolder.Save(reward, model, folder.File("adapter"));
        Assert.Contains("SEQ_CLS", File.ReadAllText(Path.Combine(folder.File("adapter"), "adapter_config.json")), StringComparison.Ordinal);
        using var loaded = PeftFolder.Load(model, folder.File("adapter"));
        float[] scores;
        using (model.Use(loaded))
        {
            scores = Scores(model);
            Small.Logits(model, Texts[0]);
        }

        Assert.False(model.HasScoringHead);
        model.Merge(loaded);
        Small.Close(scores, Scores(model), 1e-5);
        Small.Logits(model, Texts[0]);
        model.Save(folder.File("model"));
        Assert.Contains("GPT2ForSequenceClassification", File.ReadAllText(Path.Combine(folder.File("model"), "config.json")), StringComparison.Ordinal);
        using var scorer = CausalLM.Load(folder.File("model"));
        Assert.Equal(["LABEL_0"], scorer.Config.Scoring!.Labels);
        Small.Close(scores, Scores(scorer), 1e-5);
        Refused(() => Small.Logits(scorer, Texts[0]), "predicts no tokens");

        // Its own head can be trained with an adapter and be put back.
        using var second = Small.Trained(scorer, new() { Rank = 1, SavedModules = ["score"] }, 5);
        PeftFolder.Save(second, scorer, folder.File("second"));
        using var again = PeftFolder.Load(scorer, folder.File("second"));
        using (scorer.Use(second))
            scores = Scores(scorer);
        using (scorer.Use(again))
            Assert.Equal(scores, Scores(scorer));
    }

    [Fact]
    public void A_new_head_is_small_and_its_seed_decides_it()
    {
        using var first = Small.Model("llama");
        using var second = Small.Model("llama");
        first.AddScoringHead(3, seed: 4);
        second.AddScoringHead(3, seed: 4);
        Assert.Equal(Scores(first), Scores(second));
        Assert.Equal(3 * Texts.Length, Scores(first).Length);
        Assert.InRange(first.Parameters["score.weight"].std().item<float>(), 0.012, 0.028);
        Refused(() => first.AddScoringHead(1, seed: 1), "has a scoring head already");
        Refused(() => LoraAdapter.Create(first, "reward", new() { ScoringLabels = 1 }, 1), "'score' among the saved modules");
        using var other = Small.Model("llama");
        Refused(() => other.AddScoringHead(0, seed: 1), "at least 1");
    }

    [Fact]
    public void Heads_of_several_reward_adapters_are_averaged_and_those_with_other_labels_are_refused()
    {
        using var model = Small.Model("llama");
        using var first = Small.Trained(model, new() { Rank = 2, ScoringLabels = 1 }, 3);
        using var second = Small.Trained(model, new() { Rank = 2, ScoringLabels = 1 }, 4);
        using var three = Small.Trained(model, new() { Rank = 2, ScoringLabels = 3 }, 5);
        using var mean = AdapterSum.Of(model, "mean", (first, 0.5), (second, 0.5));
        using var scope = NewDisposeScope();
        var expected = (first.Replacements["score.weight"] + second.Replacements["score.weight"]) / 2;
        Small.Close(expected.data<float>().ToArray(), mean.Replacements["score.weight"].data<float>().ToArray(), 1e-6);
        Refused(() => AdapterSum.Of(model, "sum", (first, 1), (three, 1)), "1 and 3 labels");
    }

    [Fact]
    public void A_row_of_padding_alone_has_no_score() =>
        Refused(() => TokenGrid.Masked([1, 2, 0, 0], [true, true, false, false], 2, 2), "row 1", "padding");

    private static float[] Scores(CausalLM model)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return model.Scores(BranchedBatch.OfTexts(Texts)).data<float>().ToArray();
    }

    private static void Refused(Action action, params string[] holds)
    {
        var message = Assert.ThrowsAny<AlidadeException>(action).Message;
        foreach (var text in holds)
            Assert.Contains(text, message, StringComparison.Ordinal);
    }
}
