using Alidade.Models;
using Alidade.Models.Generation;
using Alidade.Tests.Training.Trainers;

namespace Alidade.Tests.Models.Generation;

public sealed class TextGeneratorTests : IDisposable
{
    private static readonly int[] Long = [3, 1, 4, 1, 5, 9, 2], Short = [6, 5];

    private readonly OneThread thread = new();
    private readonly CausalLM model = Tiny.Model();

    public void Dispose()
    {
        model.Dispose();
        thread.Dispose();
    }

    [Fact]
    public void Prompts_that_share_a_batch_each_get_what_they_get_alone_also_when_one_is_given_twice()
    {
        int[][] prompts = [Long, Short, [.. Long], Short];
        var options = new GenerationOptions { MaxNewTokens = 12 };
        var cancellation = TestContext.Current.CancellationToken;
        var together = TextGenerator.Generate(model, prompts, options, cancellation: cancellation);
        for (var i = 0; i < prompts.Length; i++)
        {
            var alone = TextGenerator.Generate(model, [prompts[i]], options, cancellation: cancellation)[0];
            Assert.Equal(alone.Ids, together[i].Ids);
            Assert.All(alone.LogProbs.Zip(together[i].LogProbs), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }
    }

    [Fact]
    public void Samples_of_one_prompt_are_drawn_apart()
    {
        var options = new GenerationOptions { MaxNewTokens = 12, Temperature = 1, Seed = 2 };
        var samples = TextGenerator.Generate(model, [Long, Long, Long, Long], options, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(4, samples.Select(s => string.Join(' ', s.Ids)).Distinct().Count());
    }
}
