using Alidade.Evaluation.Factuality;

namespace Alidade.Tests.Evaluation.Factuality;

public sealed class TextUnitsTests
{
    [Theory]
    [InlineData("One. Two! Three?", new[] { "One.", "Two!", "Three?" })]
    [InlineData("Dr. Smith met J. R. Jones at 3.5 p.m. Tuesday. He left.", new[] { "Dr. Smith met J. R. Jones at 3.5 p.m. Tuesday.", "He left." })]
    [InlineData("He said \"Go.\" She went.", new[] { "He said \"Go.\"", "She went." })]
    [InlineData("It costs approx. five … or so. ok", new[] { "It costs approx. five … or so. ok" })]
    [InlineData("天气很好。我们走吧！好", new[] { "天气很好。", "我们走吧！", "好" })]
    [InlineData("  \n ", new string[0])]
    public void Sentences_end_at_their_marks_but_not_after_abbreviations(string text, string[] sentences) => Assert.Equal(sentences, TextUnits.Sentences(text));

    [Fact]
    public void Chunks_hold_whole_sentences_and_about_350_words()
    {
        var context = string.Join(' ', Enumerable.Range(0, 100).Select(i => $"Sentence number {i} has exactly eight words here."));
        var chunks = AlignScore.Chunks(context);
        Assert.Equal(context, string.Join(' ', chunks));
        Assert.Equal([33, 33, 33, 1], chunks.Select(c => TextUnits.Sentences(c).Count));
    }
}
