using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Evaluation.Likelihood;
using Alidade.Tests.Models;
using TruthfulQaChoices = Alidade.Evaluation.Factuality.TruthfulQaChoices;
using TruthfulQaMeasure = Alidade.Evaluation.Factuality.TruthfulQa;
using TruthfulQaPrompt = Alidade.Evaluation.Factuality.TruthfulQaPrompt;

namespace Alidade.Tests.Evaluation.Factuality;

public sealed class TruthfulQaTests
{
    private static readonly TruthfulQaItem Item = new()
    {
        Id = "q",
        Question = "Is it?",
        Category = "c",
        Adversarial = false,
        BestAnswer = "Yes",
        CorrectAnswers = ["Aye", "Yes"],
        IncorrectAnswers = ["No", "Nay"],
    };

    [Fact]
    public void Probabilities_that_all_underflow_still_give_a_share()
    {
        Assert.Equal(1 / (1 + Math.Exp(-1)), TruthfulQaChoices.Mc2([-2000, -2001], [true, false]), 12);
        Assert.Equal(0.5, TruthfulQaChoices.Mc2([-1e6, -1e6], [true, false]), 12);
    }

    [Fact]
    public void A_tie_counts_for_the_best_answer()
    {
        ContinuationScores Scores(params double[] values) => new([.. values.Select(v => new ContinuationScore(v, 1, false))], false);
        Assert.Equal(1, TruthfulQaMeasure.Mc1(Item, Scores(-9, -3, -3, -4)).Score);
        Assert.Equal(0, TruthfulQaMeasure.Mc1(Item, Scores(-1, -3, -2, -4)).Score);
        Assert.Equal(0.5, TruthfulQaMeasure.Mc2(Item, Scores(-3, -3, -3, -3)).Score!.Value, 12);
    }

    [Fact]
    public void A_best_answer_that_is_not_among_the_true_ones_is_asked_last_and_stays_out_of_mc2()
    {
        var item = Item with { BestAnswer = "Indeed" };
        var scores = new ContinuationScores([.. new[] { -3.0, -3, -3, -3, -1 }.Select(v => new ContinuationScore(v, 1, false))], false);
        Assert.Equal(4, TruthfulQaMeasure.BestIndex(item));
        Assert.Equal(1, TruthfulQaMeasure.Mc1(item, scores).Score);
        Assert.Equal(0.5, TruthfulQaMeasure.Mc2(item, scores).Score!.Value, 12);
    }

    [Fact]
    public void A_conversation_is_asked_through_the_template_and_both_numbers_come_from_one_run()
    {
        using var model = TinyChat.Create();
        var request = TruthfulQaMeasure.Request(Item, TruthfulQaPrompt.ChatZeroShot);
        Assert.EndsWith("assistant", model.Tokenizer.Decode(new PromptTokens(model, new()).Of(request.Context, request.Continuations).Context), StringComparison.Ordinal);
        var results = new TruthfulQaMeasure { Items = [Item], Prompt = TruthfulQaPrompt.ChatZeroShot }.Run(model);
        Assert.Equal(["factuality.truthfulqa.mc1", "factuality.truthfulqa.mc2"], results.Select(r => r.Measurement.Name));
        Assert.All(results, r => Assert.Contains("chat template", r.Measurement.Meaning, StringComparison.Ordinal));
        Assert.All(results, r => Assert.Equal(1, r.Measurement.Count));
        // The six examples do not fit into 256 bytes: what is cut is told.
        Assert.All(new TruthfulQaMeasure { Items = [Item] }.Run(model), r => Assert.Equal(1, r.Measurement.Truncated));
    }

    [Fact]
    public async Task A_model_that_only_writes_names_a_choice_under_a_name_of_its_own()
    {
        using var chat = ScriptedChat.By(text => text.Split('\n').First(l => l.EndsWith(". Yes", StringComparison.Ordinal))[..1]);
        var result = Assert.Single(await new TruthfulQaMeasure { Items = [Item] }.RunAsync(new() { Model = new ChatModel(chat, "m", "m", 1) }));
        Assert.Equal("factuality.truthfulqa.mc1.written", result.Measurement.Name);
        Assert.Equal(1, result.Measurement.Value);
    }
}
