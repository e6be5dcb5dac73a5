using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Generation;
using Alidade.Tests.Training.Trainers;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Generation;

public sealed class BeamSearchTests : IDisposable
{
    private static readonly int[] Prompt = [3, 1, 4, 1, 5];

    private readonly OneThread thread = new();
    private readonly CausalLM model = Tiny.Model();

    public void Dispose()
    {
        model.Dispose();
        thread.Dispose();
    }

    [Fact]
    public void One_beam_is_greedy()
    {
        var options = new GenerationOptions { MaxNewTokens = 10, IgnoreEndTokens = true, NoRepeatNgramSize = 2 };
        var greedy = TextGenerator.Generate(model, [Prompt], options, cancellation: TestContext.Current.CancellationToken)[0];
        var beam = Assert.Single(BeamSearch.Search(model, Prompt, options, new() { Beams = 1, LengthPenalty = 0 }, TestContext.Current.CancellationToken));
        Assert.Equal(greedy.Ids, beam.Ids);
        Assert.Equal(StopReason.Length, beam.Reason);
        Assert.Equal(greedy.LogProbs.Sum(), beam.Score, 1e-4);
    }

    [Fact]
    public void As_many_beams_as_there_are_sequences_find_the_likeliest_of_all()
    {
        // 29 · 29 continuations of two tokens, all of them followed.
        var best = BeamSearch.Search(model, Prompt, new() { MaxNewTokens = 2, IgnoreEndTokens = true }, new() { Beams = 841, LengthPenalty = 0 }, TestContext.Current.CancellationToken);
        Assert.Equal(841, best.Select(b => string.Join(' ', b.Ids)).Distinct().Count());
        Assert.Equal(1, best.Sum(b => Math.Exp(b.Score)), 1e-4);
        Assert.Equal(best.OrderByDescending(b => b.Score), best);
    }

    [Fact]
    public void What_only_sampling_has_is_refused_by_name()
    {
        var error = Assert.Throws<NotBuiltException>(() => BeamSearch.Search(model, Prompt, new() { Temperature = 1, TopLogProbs = 2 }, new(), TestContext.Current.CancellationToken));
        Assert.Contains("temperature, top log-probs", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<NotBuiltException>(() => BeamSearch.Search(model, Prompt, new() { TopK = 3, MinP = 0.1 }, new(), TestContext.Current.CancellationToken));
        Assert.Contains("top-k, min-p", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_leaves_no_tensor()
    {
        var before = LiveTensors.Settled();
        BeamSearch.Search(model, Prompt, new() { MaxNewTokens = 6 }, new(), TestContext.Current.CancellationToken);
        Assert.Equal(before, Tensor.TotalCount);
    }
}
