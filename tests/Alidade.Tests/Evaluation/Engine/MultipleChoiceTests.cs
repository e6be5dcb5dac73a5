using Alidade.Core.Data;
using Alidade.Evaluation.Engine;

namespace Alidade.Tests.Evaluation.Engine;

public sealed class MultipleChoiceTests
{
    private static readonly string[] Choices = ["red", "blue sky", "green"];

    [Theory]
    [InlineData("B", 1)]
    [InlineData(" (C)", 2)]
    [InlineData("B. blue sky, not A", 1)]
    [InlineData("The answer is C.", 2)]
    [InlineData("I think it is blue sky", 1)]
    [InlineData("A blue sky", 1)]
    [InlineData("It is the Blue Sky.", 1)]
    [InlineData("A or B", null)]
    [InlineData("D", null)]
    [InlineData("none of them", null)]
    [InlineData("red and green", null)]
    [InlineData("", null)]
    public void A_written_answer_names_one_choice_or_none(string answer, int? choice) => Assert.Equal(choice, MultipleChoice.Parse(answer, Choices));

    [Theory]
    [InlineData("I cannot say", null)]
    [InlineData("Not yesterday", null)]
    [InlineData("Yes, it does", 0)]
    [InlineData("no", 1)]
    public void A_choice_is_named_in_whole_words(string answer, int? choice) => Assert.Equal(choice, MultipleChoice.Parse(answer, ["Yes", "No"]));

    [Fact]
    public async Task A_model_without_likelihoods_writes_its_choice_and_what_names_none_has_no_choice()
    {
        using var chat = ScriptedChat.By(text => text.StartsWith("Sky?", StringComparison.Ordinal) ? "B" : "no idea");
        var context = new EvaluationContext { Model = new ChatModel(chat, "m", "m", 1) };
        ChoiceQuestion Question(string text) => new(Prompt.OfText(text), [.. Choices.Select(c => " " + c)], text, Choices);
        var (choices, _) = await MultipleChoice.AskAsync(context, "test", [Question("Sky?"), Question("Love?")]);
        Assert.Equal(1, choices[0].Chosen);
        Assert.Null(choices[1].Chosen);
        Assert.Equal(MultipleChoice.Unparsed, choices[1].Why);
        Assert.Equal(".written", MultipleChoice.Suffix(context.Model));
    }
}
