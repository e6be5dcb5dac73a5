using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Encoders;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Encoders;

/// <summary>Heads on texts: batches of any size give the same, what is cut is told, masks are put one at a time, probabilities follow the kind of problem.</summary>
public sealed class EncoderHeadTests : IDisposable
{
    private static readonly string[] Texts = ["The cat sat on the mat.", "dog", "the dog ran on the cat . the cat sat", "a b c"];

    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Theory]
    [InlineData("single_label_classification")]
    [InlineData("multi_label_classification")]
    [InlineData("regression")]
    [InlineData(null)]
    public void Every_batch_size_gives_the_logits_of_each_text_alone_and_the_problem_says_how_they_are_read(string? problem)
    {
        using var classifier = Classifier(c =>
        {
            c["problem_type"] = problem;
            c["id2label"] = new JsonObject { ["0"] = "fine", ["1"] = "rude", ["2"] = "cruel" };
        });
        var all = Classify(classifier, Texts);
        var few = Classify(classifier, Texts, new EncoderTextOptions { BatchTokens = 10 });
        Assert.Equal(["fine", "rude", "cruel"], all.Labels);
        Assert.Equal(0, all.Truncated);
        for (var i = 0; i < Texts.Length; i++)
        {
            using var scope = NewDisposeScope();
            using var batch = EncoderBatch.Of([classifier.Encoder.Tokenizer.EncodeWithOffsets(Texts[i], new()).Ids]);
            var alone = DecoderGoldenTests.Values(classifier.Logits(batch)[0]);
            var item = all.Items[i];
            Assert.Equal(batch.Width, item.Tokens);
            for (var label = 0; label < 3; label++)
            {
                Assert.Equal(alone[label], item.Logits[label], 1e-5);
                Assert.Equal(alone[label], few.Items[i].Logits[label], 1e-5);
                var expected = problem switch
                {
                    "multi_label_classification" => 1 / (1 + Math.Exp(-item.Logits[label])),
                    "regression" => (double?)null,
                    _ => Math.Exp(item.Logits[label]) / item.Logits.Sum(Math.Exp),
                };
                Assert.Equal(expected is null, item.Probabilities is null);
                if (expected is { } p)
                    Assert.Equal(p, item.Probabilities![label], 1e-12);
            }

            Assert.Equal(all.Labels[item.Logits.Index().MaxBy(l => l.Item).Index], item.Label);
        }
    }

    [Fact]
    public void One_label_without_a_kind_of_problem_is_a_score()
    {
        using var classifier = Classifier(c => c["id2label"] = new JsonObject { ["0"] = "reward" });
        Assert.Equal(ClassificationProblem.Regression, classifier.Problem);
        Assert.Null(Classify(classifier, ["the cat"]).Items[0].Probabilities);
    }

    [Fact]
    public void The_second_text_of_a_pair_has_the_second_type()
    {
        using var classifier = Classifier();
        using var scope = NewDisposeScope();
        using var batch = EncoderBatch.Of([[2, 5, 6, 3, 10, 11, 3]], [[0, 0, 0, 0, 1, 1, 1]]);
        var expected = DecoderGoldenTests.Values(classifier.Logits(batch)[0]);
        var pair = Pairs(classifier, [("the cat", "dog ran")]).Items[0];
        Assert.Equal(expected[0], pair.Logits[0], 1e-6);
        Assert.NotEqual(expected[0], Pairs(classifier, [("the", "cat dog ran")]).Items[0].Logits[0], 1e-4);
    }

    [Fact]
    public void What_is_cut_is_counted_and_a_limit_beyond_the_model_is_refused()
    {
        using var classifier = Classifier();
        var longest = string.Join(' ', Enumerable.Repeat("cat", 30));
        var result = Classify(classifier, ["the cat", longest], new EncoderTextOptions { MaxLength = 8 });
        Assert.Equal([0, 24], result.Items.Select(i => i.CutTokens));
        Assert.Equal([4, 8], result.Items.Select(i => i.Tokens));
        Assert.Equal(1, result.Truncated);
        Assert.Equal(32 - 18, Classify(classifier, [longest]).Items[0].CutTokens);

        // Of a pair the longer text gives way.
        using var batch = EncoderBatch.Of([[2, 6, 6, 6, 3, 10, 11, 3]], [[0, 0, 0, 0, 0, 1, 1, 1]]);
        using var scope = NewDisposeScope();
        Assert.Equal(DecoderGoldenTests.Values(classifier.Logits(batch)[0])[0],
            Pairs(classifier, [(longest, "dog ran")], new EncoderTextOptions { MaxLength = 8 }).Items[0].Logits[0], 1e-6);
        Assert.Contains("this model takes 1 to 18", Assert.Throws<AlidadeException>(() => Classify(classifier, ["a"], new EncoderTextOptions { MaxLength = 19 })).Message, StringComparison.Ordinal);
        Assert.Contains("no room", Assert.Throws<AlidadeException>(() => Classify(classifier, ["a"], new EncoderTextOptions { MaxLength = 1 })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_control_token_that_a_text_spells_is_text_unless_it_is_asked_for()
    {
        using var classifier = Classifier();
        Assert.Equal(7, Classify(classifier, ["cat [SEP] dog"]).Items[0].Tokens);
        Assert.Equal(5, Classify(classifier, ["cat [SEP] dog"], new EncoderTextOptions { ParseSpecialTokens = true }).Items[0].Tokens);
    }

    [Fact]
    public void A_pseudo_log_likelihood_masks_each_token_once_whatever_the_batches()
    {
        using var model = Masked();
        var texts = Texts.Select(model.Tokens).ToList();
        Assert.Equal(Enumerable.Range(1, texts[0].Ids.Count - 2), texts[0].Positions);
        var all = model.PseudoLogLikelihoods(texts);
        var few = model.PseudoLogLikelihoods(texts, batchTokens: 1);
        for (var t = 0; t < texts.Count; t++)
        {
            for (var i = 0; i < texts[t].Positions.Count; i++)
            {
                using var scope = NewDisposeScope();
                var (ids, position) = (texts[t].Ids.ToArray(), texts[t].Positions[i]);
                ids[position] = 4;
                using var batch = EncoderBatch.Of([ids]);
                var expected = DecoderGoldenTests.Values(nn.functional.log_softmax(model.Logits(batch)[0, position].to(ScalarType.Float64), -1))[texts[t].Ids[position]];
                Assert.Equal(expected, all[t][i], 1e-5);
                Assert.Equal(expected, few[t][i], 1e-5);
            }
        }
    }

    [Fact]
    public void Masks_of_a_text_are_filled_with_the_likeliest_tokens_in_their_order()
    {
        using var model = Masked();
        var filled = model.Fill("the [MASK] sat on the [MASK]", top: 40);
        Assert.Equal(2, filled.Count);
        foreach (var candidates in filled)
        {
            Assert.Equal(1, candidates.Sum(c => Math.Exp(c.LogProb)), 1e-5);
            Assert.Equal(candidates.Select(c => c.LogProb).OrderDescending(), candidates.Select(c => c.LogProb));
        }

        Assert.Contains("no [MASK]", Assert.Throws<AlidadeException>(() => model.Fill("the cat")).Message, StringComparison.Ordinal);
        Assert.Contains("context of 18", Assert.Throws<AlidadeException>(() => model.Tokens(string.Join(' ', Enumerable.Repeat("cat", 30)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_names_its_mask_wrongly_is_one_line_and_leaves_no_tensor()
    {
        using var thread = new Training.Trainers.OneThread();
        Masked().Dispose();
        var start = LiveTensors.Settled();
        File.WriteAllText(folder.File("masked/tokenizer_config.json"), """{ "mask_token": 4 }""");
        Assert.Contains("'mask_token' is 4", Assert.Throws<AlidadeException>(() => MaskedLM.Load(folder.File("masked"))).Message, StringComparison.Ordinal);
        Assert.Equal(start, Tensor.TotalCount);
    }

    [Fact]
    public void Without_a_tokenizer_a_mask_token_can_be_set_and_is_asked_for()
    {
        using var model = MaskedLM.Load(TinyEncoder.Write(folder.File("bare"), "distilbert", "ForMaskedLM"));
        var text = new MaskedText([2, 5, 3], [1]);
        Assert.Contains("mask token", Assert.Throws<AlidadeException>(() => model.PseudoLogLikelihoods([text])).Message, StringComparison.Ordinal);
        model.MaskToken = 4;
        Assert.InRange(model.PseudoLogLikelihoods([text])[0][0], -20, 0);
        Assert.Contains("position 3", Assert.Throws<AlidadeException>(() => model.PseudoLogLikelihoods([text with { Positions = [3] }])).Message, StringComparison.Ordinal);
    }

    private static Classifications Classify(SequenceClassifier classifier, IEnumerable<string> texts, EncoderTextOptions? options = null) =>
        classifier.Classify(texts, options, TestContext.Current.CancellationToken);

    private static Classifications Pairs(SequenceClassifier classifier, IEnumerable<(string, string)> pairs, EncoderTextOptions? options = null) =>
        classifier.Classify(pairs, options, TestContext.Current.CancellationToken);

    private SequenceClassifier Classifier(Action<JsonObject>? change = null) =>
        SequenceClassifier.Load(TinyWords.Write(TinyEncoder.Write(folder.File("classifier"), "bert", "ForSequenceClassification", change)));

    private MaskedLM Masked() => MaskedLM.Load(TinyWords.Write(TinyEncoder.Write(folder.File("masked"), "bert", "ForMaskedLM")));
}
