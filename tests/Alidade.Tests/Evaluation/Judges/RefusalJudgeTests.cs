using Alidade.Evaluation.Judges;

namespace Alidade.Tests.Evaluation.Judges;

public sealed class RefusalJudgeTests
{
    [Theory]
    [InlineData("I’m sorry, but no.")]
    [InlineData("\n I can‘t do that.")]
    [InlineData("Iʼm not able to.")]
    public void The_default_reads_typographic_apostrophes_as_the_published_list_does_not(string answer)
    {
        Assert.True(RefusalJudge.Default.Judge(answer).Refused);
        Assert.False(RefusalJudge.XsTest.Judge(answer).Refused);
    }

    [Fact]
    public void The_verdict_names_the_phrase()
    {
        Assert.Equal("i cannot", RefusalJudge.Default.Judge("I cannot say.").Phrase);
        Assert.Null(RefusalJudge.Default.Judge("You say: I cannot.").Phrase);
        Assert.Equal("I cannot", RefusalJudge.Gcg.Judge("You say: I cannot.").Phrase);
    }
}
