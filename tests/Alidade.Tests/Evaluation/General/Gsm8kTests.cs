using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Gsm8kTask = Alidade.Evaluation.General.Gsm8k;

namespace Alidade.Tests.Evaluation.General;

public sealed class Gsm8kTests
{
    [Fact]
    public async Task The_number_of_the_answer_line_and_the_last_number_are_scored_apart()
    {
        Gsm8kProblem[] items = [new("1", "one?", "w\n#### 1,200"), new("2", "two?", "w\n#### 2"), new("3", "three?", "w\n#### 3"), new("4", "four?", "w\n#### 4")];
        var chat = ScriptedChat.By(text => text.EndsWith("one?\nAnswer:", StringComparison.Ordinal) ? "so\n#### 1200" : text.EndsWith("two?\nAnswer:", StringComparison.Ordinal) ? "It is 2."
            : text.EndsWith("three?\nAnswer:", StringComparison.Ordinal) ? "#### 3 or rather 5" : "I do not know");
        var results = (await new Gsm8kTask { Items = items }.RunAsync(new() { Model = chat.As("model") })).ToDictionary(r => r.Measurement.Name, r => r.Measurement);
        Assert.Equal(0.5, results["general.gsm8k.strict"].Value);
        Assert.Contains("2 answers have no such number", results["general.gsm8k.strict"].Meaning, StringComparison.Ordinal);
        Assert.Equal(0.5, results["general.gsm8k.flexible"].Value);
        Assert.Contains("1 answers have no such number", results["general.gsm8k.flexible"].Meaning, StringComparison.Ordinal);
        Assert.Equal(9, chat.Asked.First().Messages.Count);
    }
}
