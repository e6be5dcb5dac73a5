using Alidade.Core.Data;
using Alidade.Models.Encoders;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Encoders;
using Alidade.Training.Data;

namespace Alidade.Tests.Training.Data;

public sealed class PromptDensityTests
{
    private static UnpairedAnswer Row(int i, string prompt, bool label) => new() { Id = $"{i}", Prompt = Prompt.OfText(prompt), Completion = "a", Label = label };

    [Fact]
    public void Unwanted_answers_weigh_more_where_their_prompts_look_like_those_of_wanted_ones()
    {
        using var folder = new TemporaryFolder();
        using var encoder = SentenceEncoder.Load(TinyWords.WriteSentences(folder.File("sentences")));
        // Planted: cats are wanted four times of five, dogs once of five, as many rows of both; so many that the ridge, which pulls towards ½, weighs little.
        UnpairedAnswer[] rows = [.. Enumerable.Range(0, 2000).Select(i => i % 2 == 0 ? Row(i, "the cat sat", i % 10 != 0) : Row(i, "the dog ran", i % 10 == 1))];
        var weighed = PromptDensity.Fit(encoder, rows).Applied([Row(0, "the cat sat", false), Row(1, "the dog ran", false), Row(2, "the cat sat", false) with { DesirableProbability = 0.3 }]);
        Assert.Equal(0.8, weighed[0].DesirableProbability!.Value, 0.02);
        Assert.Equal(0.2, weighed[1].DesirableProbability!.Value, 0.02);
        Assert.Equal(0.3, weighed[2].DesirableProbability);
    }
}
