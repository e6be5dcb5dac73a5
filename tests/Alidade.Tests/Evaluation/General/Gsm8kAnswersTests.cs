using Alidade.Evaluation.General;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Evaluation.General;

public sealed class Gsm8kAnswersTests
{
    [Theory]
    [InlineData("so 3 + 4 = 7\nA: 7", "7")]
    [InlineData("A: 1\nA: 1,200.", "1200")]
    [InlineData("A:  -3.50", "-3.50")]
    [InlineData("no answer", null)]
    public void The_number_after_the_last_mark_is_the_answer(string solution, string? answer) => Assert.Equal(answer, Gsm8kAnswers.AfterMark(solution));

    [Fact]
    public void Published_verdicts_and_accuracies_of_four_systems_come_out()
    {
        var path = Path.Combine(GoldenFolder.Data, "gsm8k", "example_model_solutions.jsonl");
        Assert.SkipUnless(File.Exists(path), "the folder of benchmark data is absent");
        var problems = Alidade.Core.Data.Gsm8k.ReadSolutions(path).Rows;
        foreach (var (system, accuracy) in new[] { ("6b_finetuning", .2168), ("6b_verification", .3904), ("175b_finetuning", .3472), ("175b_verification", .5625) })
        {
            Assert.All(problems, p => Assert.Equal(p.Systems[system].IsCorrect, Gsm8kAnswers.IsCorrect(p.Systems[system].Solution, p.Solution)));
            Assert.Equal(accuracy, problems.Average(p => Gsm8kAnswers.IsCorrect(p.Systems[system].Solution, p.Solution) ? 1.0 : 0), 4);
        }
    }
}
