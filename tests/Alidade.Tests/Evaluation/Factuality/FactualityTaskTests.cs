using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Factuality;
using Alidade.Models.Weights;
using FeverSymmetricTask = Alidade.Evaluation.Factuality.FeverSymmetric;
using HaluEvalTask = Alidade.Evaluation.Factuality.HaluEval;

namespace Alidade.Tests.Evaluation.Factuality;

public sealed class FactualityTaskTests
{
    private static readonly TruthfulQaItem Roswell = new()
    {
        Id = "q1",
        Question = "What crashed?",
        Category = "c",
        Adversarial = true,
        BestAnswer = "A balloon crashed",
        CorrectAnswers = ["A balloon crashed", "Nobody knows"],
        IncorrectAnswers = ["A spaceship crashed"],
    };

    [Fact]
    public async Task Written_answers_are_scored_by_their_overlap_and_an_unanswered_question_has_no_score()
    {
        var silent = Roswell with { Id = "q2", Question = "Silent?" };
        var results = await Run(new TruthfulQaOverlap { Items = [Roswell, silent] }, ScriptedChat.By(text => text.Contains("Silent", StringComparison.Ordinal) ? "" : "A balloon crashed."));
        Assert.Equal(12, results.Count);
        Assert.Equal(1, results["factuality.truthfulqa.generation.bleu_acc"].Value);
        // ROUGE-1 with "A spaceship crashed.": two of three words on either side.
        Assert.Equal(100 - (200.0 / 3), results["factuality.truthfulqa.generation.rouge1_diff"].Value!.Value, 1e-9);
        Assert.Equal(100, results["factuality.truthfulqa.generation.rougeL_max"].Value!.Value, 1e-9);
        Assert.All(results.Values, r => Assert.Equal([KeyValuePair.Create("empty answer", 1)], r.Unscored));
    }

    [Fact]
    public void A_plain_prompt_ends_with_A_and_that_of_the_harness_with_the_question()
    {
        Assert.EndsWith("Q: What crashed?\nA:", new TruthfulQaAnswers().Request(Roswell, inChat: false).Prompt.Text, StringComparison.Ordinal);
        Assert.EndsWith("Q: What crashed?", new TruthfulQaAnswers { EndAtQuestion = true }.Request(Roswell, inChat: false).Prompt.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_judge_says_what_is_true_and_what_is_informative()
    {
        var judge = ScriptedChat.By(text => text.Contains("Is the answer to judge true", StringComparison.Ordinal) ? text.Contains("judge: unclear", StringComparison.Ordinal) ? "Perhaps." : "**Yes.**" : "No, it says nothing.");
        var results = await Run(new TruthfulQaJudged { Items = [Roswell, Roswell with { Id = "q2", Question = "Unclear?" }] },
            ScriptedChat.By(text => text == "Unclear?" ? "unclear" : "No comment."), new() { Judge = judge.As("judge") });
        Assert.Equal((1.0, 1), (results["factuality.truthfulqa.judged.true"].Value, results["factuality.truthfulqa.judged.true"].Count));
        Assert.Equal(["the reply is neither yes nor no"], results["factuality.truthfulqa.judged.true"].Unscored.Keys);
        Assert.Equal((0.0, 2), (results["factuality.truthfulqa.judged.informative"].Value, results["factuality.truthfulqa.judged.informative"].Count));
        Assert.Equal(0.0, results["factuality.truthfulqa.judged.true_and_informative"].Value);
    }

    [Fact]
    public async Task HaluEval_counts_right_verdicts_and_how_often_yes_is_said()
    {
        HaluEvalItem[] items = [new("1", "q", "true answer", false), new("2", "q", "made up", true), new("3", "q", "also made up", true), new("4", "q", "garbage", true)];
        var results = await Run(new HaluEvalTask { Name = "factuality.halueval.qa", Items = items },
            ScriptedChat.By(text => text.Contains("#Answer#: made up", StringComparison.Ordinal) ? "A" : text.Contains("garbage", StringComparison.Ordinal) ? "I cannot say" : "B"));
        Assert.Equal(2.0 / 3, results["factuality.halueval.qa.written"].Value!.Value, 1e-12);
        Assert.Equal(1.0 / 3, results["factuality.halueval.qa.written.says_yes"].Value!.Value, 1e-12);
        Assert.Equal(1, results["factuality.halueval.qa.written"].Unscored.Values.Single());
    }

    [Fact]
    public void The_coin_of_HaluEval_depends_on_seed_and_item_alone_and_is_fair()
    {
        HaluEvalQuestion[] questions = [.. Enumerable.Range(0, 1000).Select(i => new HaluEvalQuestion($"{i}", "k", "q", "right", "wrong"))];
        bool[] first = [.. questions.Select(q => HaluEvalItem.Of(q, 1).Hallucinated)];
        Assert.Equal(first.Reverse(), questions.Reverse().Select(q => HaluEvalItem.Of(q, 1).Hallucinated));
        Assert.NotEqual(first, questions.Select(q => HaluEvalItem.Of(q, 2).Hallucinated));
        Assert.InRange(first.Count(h => h), 450, 550);
        Assert.All(questions, q => Assert.Equal(HaluEvalItem.Of(q, 1).Hallucinated ? "wrong" : "right", HaluEvalItem.Of(q, 1).Answer));
    }

    [Fact]
    public async Task FEVER_Symmetric_asks_for_support_or_refutation()
    {
        var results = await Run(new FeverSymmetricTask { Items = [new("1", "It is red.", "It is red.", true), new("2", "It is red.", "It is blue.", false)] }, ScriptedChat.By(_ => "A."));
        Assert.Equal(0.5, results["factuality.fever_symmetric.written"].Value);
    }

    [Fact]
    public async Task SelfCheck_by_n_grams_finds_the_answer_that_samples_do_not_bear_out()
    {
        var steady = await Run(new SelfCheckGpt { Items = [new("1", "Tell.")], Samples = 3 }, ScriptedChat.By(_ => "The cat sat. It slept."));
        // Seven tokens in every text: the full stop has two of them, each word one.
        Assert.Equal(((((3 * Math.Log(7)) + Math.Log(3.5)) / 4) + (((2 * Math.Log(7)) + Math.Log(3.5)) / 3)) / 2, steady["factuality.selfcheck.ngram"].Value!.Value, 1e-12);
        var wandering = await Run(new SelfCheckGpt { Items = [new("1", "Tell.")], Samples = 3 },
            new ScriptedChat((_, options) => ScriptedChat.Said(options.Temperature > 0 ? $"Number {options.Seed} differs wholly. Nothing alike." : "The cat sat. It slept.")));
        Assert.True(wandering["factuality.selfcheck.ngram"].Value > steady["factuality.selfcheck.ngram"].Value);
    }

    [Fact]
    public async Task SelfCheck_by_a_judge_counts_what_it_cannot_read_as_one_half_and_says_so()
    {
        var judge = ScriptedChat.By(text => text.Contains("Sentence: One", StringComparison.Ordinal) ? "Yes" : text.Contains("Context: b", StringComparison.Ordinal) ? "hm" : "No");
        var model = new ScriptedChat((_, options) => ScriptedChat.Said(options.Temperature > 0 ? options.Seed % 2 == 0 ? "a" : "b" : "One is. Two is."));
        var result = (await Run(new SelfCheckGpt { Items = [new("1", "Tell.")], Samples = 2, Method = SelfCheckMethod.Prompt }, model, new() { Judge = judge.As("judge") }))["factuality.selfcheck.prompt"];
        Assert.Equal((0 + ((1 + 0.5) / 2)) / 2, result.Value!.Value, 1e-12);
        Assert.Contains("1 replies of the judge were neither yes nor no", result.Meaning, StringComparison.Ordinal);
        var missing = await Assert.ThrowsAsync<MissingInstrumentException>(() => Run(new SelfCheckGpt { Items = [new("1", "Tell.")], Method = SelfCheckMethod.Nli }, model));
        Assert.Contains("needs an entailment classifier", missing.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SelfCheck_and_SummaC_and_AlignScore_read_an_entailment_model_by_its_labels()
    {
        using var classifier = TinyEntailment.Create("contradiction", "neutral", "entailment");
        double[] Logits(string premise, string hypothesis) => [.. classifier.Classify([(premise, hypothesis)]).Items[0].Logits];
        double[] Shares(string premise, string hypothesis) => [.. classifier.Classify([(premise, hypothesis)]).Items[0].Probabilities!];
        var instruments = new Instruments { Entailment = classifier };
        SummaryRow row = new("1", "The cat sat on the mat.\nA dog was far away.", "A cat sat there on it.", 1, null);

        var summaC = await Run(new SummaCTask { Items = [row, row with { Id = "2", Summary = "Dogs are flying cars.", Human = 0 }, row with { Id = "3", Summary = "short", Human = null }] }, ScriptedChat.By(_ => ""), instruments);
        double[][] pairs = [Shares("The cat sat on the mat.", row.Summary!), Shares("A dog was far away.", row.Summary!)];
        var first = pairs.Max(p => p[2]) - pairs.Max(p => p[0]);
        double[][] others = [Shares("The cat sat on the mat.", "Dogs are flying cars."), Shares("A dog was far away.", "Dogs are flying cars.")];
        var second = others.Max(p => p[2]) - others.Max(p => p[0]);
        Assert.Equal((first + second) / 2, summaC["factuality.summac"].Value!.Value, 1e-6);
        Assert.Equal(1, summaC["factuality.summac"].Unscored.Values.Single());
        Assert.Equal(first > second ? 1.0 : 0.0, summaC["factuality.summac.auroc"].Value);
        Assert.Equal(first > second ? 1.0 : -1.0, summaC["factuality.summac.spearman"].Value!.Value, 1e-12);
        Assert.Equal((2, 1), (summaC["factuality.summac.pearson"].Count, summaC.Count(m => m.Key.EndsWith("pearson", StringComparison.Ordinal))));

        var align = await Run(new AlignScoreTask { Items = [row with { Human = null }] }, ScriptedChat.By(_ => ""), instruments);
        Assert.Equal(Shares("The cat sat on the mat. A dog was far away.", row.Summary!)[2], align["factuality.alignscore"].Value!.Value, 1e-6);
        Assert.Single(align);

        var written = await Run(new AlignScoreTask { Items = [row with { Summary = null, Human = null }] }, ScriptedChat.By(text => text.StartsWith("Summarize", StringComparison.Ordinal) ? row.Summary! : "?"), instruments);
        Assert.Equal(align["factuality.alignscore"].Value, written["factuality.alignscore"].Value);

        var check = await Run(new SelfCheckGpt { Items = [new("1", "Tell.")], Samples = 1, Method = SelfCheckMethod.Nli }, new ScriptedChat((_, o) => ScriptedChat.Said(o.Temperature > 0 ? "A dog." : "A cat sat.")), instruments);
        var logits = Logits("A dog.", "A cat sat.");
        Assert.Equal(1 / (1 + Math.Exp(logits[2] - logits[0])), check["factuality.selfcheck.nli"].Value!.Value, 1e-6);
    }

    [Fact]
    public async Task SummaC_Conv_reads_its_weights_and_weighs_the_histograms()
    {
        using var classifier = TinyEntailment.Create("entailment", "neutral", "contradiction");
        var path = Path.Combine(Path.GetTempPath(), $"alidade-{Guid.NewGuid():N}.safetensors");
        try
        {
            // Two bins: the lower counts −1, the upper 2; the last layer doubles the mean for "consistent".
            SafetensorsWriter.Write(path,
            [
                TensorSource.Float32("mlp.weight", [1, 2], new float[] { -1, 2 }), TensorSource.Float32("mlp.bias", [1], new float[] { 0.5f }),
                TensorSource.Float32("layer_final.weight", [2, 3], new float[] { 0, 0, 0, 1, 0.5f, 0.5f }), TensorSource.Float32("layer_final.bias", [2], new float[] { 0.25f, 0 }),
            ]);
            SummaryRow row = new("1", "The cat sat on the mat. A dog was far away.", "A cat sat there on it. Dogs are flying cars.", null, null);
            var results = await Run(new SummaCConvTask { Items = [row], Weights = path }, ScriptedChat.By(_ => ""), new() { Entailment = classifier });
            string[] chunks = ["The cat sat on the mat.", "A dog was far away."], sentences = ["A cat sat there on it.", "Dogs are flying cars."];
            var mean = sentences.Average(s => chunks.Sum(c => classifier.Classify([(c, s)]).Items[0].Probabilities![0] < 0.5 ? -1.0 : 2) + 0.5);
            Assert.Equal(1 / (1 + Math.Exp(0.25 - (2 * mean))), results["factuality.summac_conv"].Value!.Value, 1e-12);
            SafetensorsWriter.Write(path, [TensorSource.Float32("mlp.weight", [1, 2], new float[] { -1, 2 })]);
            Assert.Contains("has no tensor 'mlp.bias'", Assert.Throws<AlidadeException>(() => SummaCConv.Load(path)).Message, StringComparison.Ordinal);
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Fact]
    public async Task A_classifier_of_other_labels_is_refused_with_what_to_do()
    {
        using var classifier = TinyEntailment.Create("LABEL_0", "LABEL_1", "LABEL_2");
        var error = await Assert.ThrowsAsync<AlidadeException>(() => Run(new AlignScoreTask { Items = [new("1", "d", "s", null, null)] }, ScriptedChat.By(_ => ""), new() { Entailment = classifier }));
        Assert.Contains("id2label", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task FActScore_breaks_a_text_into_facts_and_checks_each_against_the_pages()
    {
        var judge = ScriptedChat.By(text =>
            text.StartsWith("Break", StringComparison.Ordinal)
                ? text.EndsWith("She was born in Rome.", StringComparison.Ordinal) ? "- Ada was born in Rome.\n- Ada is a she."
                : text.EndsWith("I hope this helps!", StringComparison.Ordinal) ? "- none" : "1. Ada wrote poems."
            : text.Contains("Input: Ada was born in Rome.", StringComparison.Ordinal) ? text.Contains("born in Paris", StringComparison.Ordinal) ? "False" : "True"
            : text.Contains("is a she", StringComparison.Ordinal) ? "It may be." : "True");
        var task = new FActScoreTask
        {
            Items = [new("1", "Ada", null, null), new("2", "Ada", "Nothing.", []), new("3", "Bo", "Bo ran.", ["Bo ran."])],
            Knowledge = [new("p1", "Ada", "Ada was born in Paris. Ada wrote poems."), new("p2", "Bo", "Bo ran.")],
            Method = new() { Gamma = 0 },
        };
        var results = await Run(task, ScriptedChat.By(_ => "She was born in Rome. Ada wrote poems. I hope this helps!"), new() { Judge = judge.As("judge") });
        // Of Ada's three facts one is refuted, one supported, and one has no verdict.
        Assert.Equal((0.5 + 1) / 2, results["factuality.factscore"].Value);
        Assert.Contains("1 of 4 facts have no verdict", results["factuality.factscore"].Meaning, StringComparison.Ordinal);
        Assert.Equal([KeyValuePair.Create("no facts in the text", 1)], results["factuality.factscore"].Unscored);
        Assert.Equal(2.0 / 3, results["factuality.factscore.respond_ratio"].Value!.Value, 1e-12);
        Assert.Equal(2, results["factuality.factscore.facts"].Value);
    }

    [Fact]
    public void Passages_are_found_by_their_words_and_on_the_topics_own_page()
    {
        var index = new PassageIndex([new("1", "Ada", "Ada wrote poems."), new("2", "Bo", "Bo likes rain. Poems bore Bo."), new("3", "Cy", "Cy sails.")]);
        Assert.Equal(["Ada"], index.Find("Ada", "who sails", 5).Select(p => p.Title));
        Assert.Equal("Cy", index.Find("nobody", "who sails far", 1)[0].Title);
        // One passage of three holds the word, once; its length against the mean of 4, 7 and 3 words.
        var (length, mean) = (3.0, 14.0 / 3);
        Assert.Equal(Math.Log(1 + (2.5 / 1.5)) * 2.5 / (1 + (1.5 * (0.25 + (0.75 * length / mean)))), index.Score(["sails"], 2), 1e-12);
    }

    [Theory]
    [InlineData("This is true.", FactVerdict.Supported, FactVerdict.Supported)]
    [InlineData("True? No: false.", FactVerdict.NotSupported, FactVerdict.NotSupported)]
    [InlineData("The context gives no information.", FactVerdict.Unread, FactVerdict.NotSupported)]
    [InlineData("Sure.", FactVerdict.Unread, FactVerdict.Supported)]
    public void A_judge_s_text_is_read_and_as_the_reference_reads_it(string text, FactVerdict verdict, FactVerdict reference)
    {
        Assert.Equal(verdict, new FActScore().Read(text));
        Assert.Equal(reference, new FActScore { ReadAsReference = true }.Read(text));
    }

    [Fact]
    public async Task QA_consistency_compares_the_answers_of_summary_and_document()
    {
        var judge = ScriptedChat.By(text => text.StartsWith("Write up to", StringComparison.Ordinal)
            ? text.EndsWith("bad", StringComparison.Ordinal) ? "no questions" : "- Who came? | the red queen\nWhen? | in May\n"
            : text.Contains("Who came?", StringComparison.Ordinal) ? "a queen" : "Unanswerable.");
        var results = await Run(new QaConsistencyTask { Items = [new("1", "document", "summary", null, null), new("2", "document", "bad", null, null)] }, ScriptedChat.By(_ => ""), new() { Judge = judge.As("judge") });
        // F1 of "red queen" and "queen" is 2/3; the other question is not answered by the document.
        Assert.Equal(1.0 / 3, results["factuality.qa_consistency"].Value!.Value, 1e-12);
        Assert.Equal(1, results["factuality.qa_consistency"].Unscored.Values.Single());
    }

    private static async Task<Dictionary<string, Measurement>> Run(IEvaluationTask task, ScriptedChat model, Instruments? instruments = null)
    {
        var context = new EvaluationContext { Model = model.As("model"), Instruments = instruments ?? new(), Cancellation = TestContext.Current.CancellationToken };
        return (await task.RunAsync(context)).ToDictionary(r => r.Measurement.Name, r => r.Measurement, StringComparer.Ordinal);
    }
}
