using Alidade.Core.Data;
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
        IReadOnlyList<Likelihood> Scores(params double[] values) => [.. values.Select(v => new Likelihood(v, 1))];
        Assert.Equal(1, TruthfulQaMeasure.Mc1(Item, Scores(-9, -3, -3, -4)).Score);
        Assert.Equal(0, TruthfulQaMeasure.Mc1(Item, Scores(-1, -3, -2, -4)).Score);
        Assert.Equal(0.5, TruthfulQaMeasure.Mc2(Item, Scores(-3, -3, -3, -3)).Score!.Value, 12);
    }

    [Fact]
    public void A_best_answer_that_is_not_among_the_true_ones_is_asked_last_and_stays_out_of_mc2()
    {
        var item = Item with { BestAnswer = "Indeed" };
        IReadOnlyList<Likelihood> scores = [.. new[] { -3.0, -3, -3, -3, -1 }.Select(v => new Likelihood(v, 1))];
        Assert.Equal(4, TruthfulQaMeasure.BestIndex(item));
        Assert.Equal(1, TruthfulQaMeasure.Mc1(item, scores).Score);
        Assert.Equal(0.5, TruthfulQaMeasure.Mc2(item, scores).Score!.Value, 12);
    }

    [Fact]
    public void A_small_chat_model_is_asked_through_its_template_and_both_numbers_come_from_one_run()
    {
        using var model = TinyChat.Create();
        var request = TruthfulQaMeasure.Request(model, Item, TruthfulQaPrompt.ChatZeroShot);
        Assert.EndsWith("assistant\n", model.Tokenizer.Decode(request.Context), StringComparison.Ordinal);
        var results = new TruthfulQaMeasure { Items = [Item] }.Run(model, new());
        Assert.Equal(["factuality.truthfulqa.mc1", "factuality.truthfulqa.mc2"], results.Select(r => r.Measurement.Name));
        Assert.All(results, r => Assert.Contains("chat template", r.Measurement.Meaning, StringComparison.Ordinal));
        Assert.All(results, r => Assert.Equal(1, r.Measurement.Count));
        // The six examples do not fit into 256 bytes: told, not cut.
        var sixShot = new TruthfulQaMeasure { Items = [Item], Prompt = TruthfulQaPrompt.SixShot }.Run(model, new());
        Assert.All(sixShot, r => Assert.Equal(1, r.Measurement.Unscored[FittingRequests.TooLong]));
    }
}
