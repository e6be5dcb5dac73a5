using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Architecture;
using Alidade.Models.Batches;
using Alidade.Models.Generation;
using Alidade.Tests.Training.Trainers;
using static TorchSharp.torch;

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
    public void Drawn_tokens_hold_the_end_token_and_their_log_probabilities_are_those_of_a_forward_pass_at_the_temperature()
    {
        var options = new GenerationOptions { MaxNewTokens = 12, Temperature = 0.7, Seed = 3, EndTokens = [.. Enumerable.Range(0, 6)] };
        int[][] prompts = [.. Enumerable.Repeat(Long, 6), Short];
        var results = TextGenerator.Generate(model, prompts, options, cancellation: TestContext.Current.CancellationToken, batchRows: 4);
        Assert.Contains(results, r => r.Reason == StopReason.EndToken);
        foreach (var (result, prompt) in results.Zip(prompts))
        {
            Assert.Equal(result.Ids, result.DrawnIds.Take(result.Ids.Count));
            Assert.Equal(result.Reason == StopReason.EndToken ? 1 : 0, result.DrawnIds.Count - result.Ids.Count);
            Assert.All(result.DrawnIds.Skip(result.Ids.Count), id => Assert.InRange(id, 0, 5));
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var wanted = model.LogProbs(BranchedBatch.Of([(prompt, [result.DrawnIds])]), options.Temperature).data<float>().ToArray();
            Assert.Equal(wanted.Length, result.DrawnLogProbs.Count);
            Assert.All(wanted.Zip(result.DrawnLogProbs), p => Assert.Equal(p.First, p.Second, 1e-5));
        }
    }

    [Fact]
    public void Samples_of_one_prompt_are_drawn_apart()
    {
        var options = new GenerationOptions { MaxNewTokens = 12, Temperature = 1, Seed = 2 };
        var samples = TextGenerator.Generate(model, [Long, Long, Long, Long], options, cancellation: TestContext.Current.CancellationToken);
        Assert.Equal(4, samples.Select(s => string.Join(' ', s.Ids)).Distinct().Count());
    }

    [Fact]
    public void Log_probabilities_of_sampled_tokens_and_of_the_likeliest_are_those_of_a_forward_pass_over_the_result()
    {
        var options = new GenerationOptions { MaxNewTokens = 15, Temperature = 1.3, TopP = 0.9, RepetitionPenalty = 1.2, Seed = 5, TopLogProbs = 4, IgnoreEndTokens = true };
        foreach (var result in TextGenerator.Generate(model, [Long, Long, Short], options, cancellation: TestContext.Current.CancellationToken).Zip(new[] { Long, Long, Short }))
        {
            using var noGrad = no_grad();
            using var scope = NewDisposeScope();
            var (generated, prompt) = result;
            using var grid = TokenGrid.Of([.. prompt, .. generated.Ids]);
            var logProbs = nn.functional.log_softmax(model.Logits(grid)[0].to(ScalarType.Float64), -1);
            for (var i = 0; i < generated.Ids.Count; i++)
            {
                var row = logProbs[prompt.Length + i - 1].data<double>().ToArray();
                Assert.Equal(row[generated.Ids[i]], generated.LogProbs[i], 1e-5);
                Assert.Equal(row.Index().OrderByDescending(p => p.Item).Take(4).Select(p => p.Index), generated.Top[i].Select(t => t.Id));
                Assert.All(generated.Top[i], t => Assert.Equal(row[t.Id], t.LogProb, 1e-5));
            }
        }
    }

    [Fact]
    public void A_sampled_text_is_the_same_whoever_shares_the_batch()
    {
        var options = new GenerationOptions { MaxNewTokens = 14, Temperature = 1, Seed = 8, IgnoreEndTokens = true };
        var cancellation = TestContext.Current.CancellationToken;
        int[][] others = [.. Enumerable.Range(0, 30).Select(i => Enumerable.Range(0, 1 + (i % 9)).Select(p => (p * i) % 29).ToArray())];
        var alone = TextGenerator.Generate(model, [Long], options, cancellation: cancellation)[0];
        var crowded = TextGenerator.Generate(model, [Long, .. others], options, cancellation: cancellation)[0];
        Assert.Equal(alone.Ids, crowded.Ids);
    }

    [Fact]
    public void A_stream_that_is_enumerated_again_is_generated_again()
    {
        var stream = TextGenerator.Stream(model, Long, new() { MaxNewTokens = 9, Temperature = 1, Seed = 3, IgnoreEndTokens = true }, cancellation: TestContext.Current.CancellationToken);
        var first = stream.Last().Result!;
        Assert.Equal(9, first.Ids.Count);
        Assert.Equal(first.Ids, stream.Last().Result!.Ids);
    }

    [Fact]
    public void No_limit_of_new_tokens_is_the_context() =>
        Assert.Equal(StopReason.Context, TextGenerator.Generate(model, [Long], new() { MaxNewTokens = int.MaxValue, IgnoreEndTokens = true }, cancellation: TestContext.Current.CancellationToken)[0].Reason);

    [Fact]
    public void Chunks_of_a_stream_hold_each_token_once_and_the_last_one_the_result()
    {
        var chunks = TextGenerator.Stream(model, Long, new() { MaxNewTokens = 9, IgnoreEndTokens = true }, cancellation: TestContext.Current.CancellationToken).ToArray();
        Assert.Equal(chunks[^1].Result!.Ids, chunks.SelectMany(c => c.Tokens).Select(t => t.Id));
        Assert.Equal(chunks[^1].Result!.LogProbs, chunks.SelectMany(c => c.Tokens).Select(t => t.LogProb));
        Assert.All(chunks[..^1], c => Assert.Null(c.Result));
    }

    [Fact]
    public void Tokens_that_the_model_does_not_have_are_refused()
    {
        var cancellation = TestContext.Current.CancellationToken;
        Assert.Contains("29", Assert.Throws<AlidadeException>(() => TextGenerator.Generate(model, [Long], new() { SuppressTokens = [29] }, cancellation: cancellation)).Message, StringComparison.Ordinal);
        Assert.Contains("-1", Assert.Throws<AlidadeException>(() => TextGenerator.Generate(model, [[1, -1]], new(), cancellation: cancellation)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_long_texts_are_turned_by_other_angles_the_cache_gives_what_reading_all_again_gives()
    {
        var tiny = model.Config;
        using var stretched = CausalLM.Create(
            tiny with
            {
                Rotary = new() { Dimensions = 8, Scaling = RotaryScaling.LongRope, OriginalContext = 12, Factor = 4, ShortFactors = [1, 1.1, 1.2, 1.3], LongFactors = [2, 3, 5, 7] },
            },
            tokenizer: null, chatTemplate: null, seed: 4);
        using (no_grad())
            foreach (var parameter in stretched.Parameters.Values)
                parameter.mul_(4);
        var options = new GenerationOptions { MaxNewTokens = 14, IgnoreEndTokens = true };
        int[] wide = [.. Enumerable.Range(0, 20).Select(i => (i * 5) % 29)];
        int[][] prompts = [Long, Short, wide];
        var cached = TextGenerator.Generate(stretched, prompts, options, cancellation: TestContext.Current.CancellationToken);
        for (var i = 0; i < prompts.Length; i++)
            Assert.Equal(Recomputed(stretched, prompts[i], 14), cached[i].Ids);
        Assert.Equal(cached[0].Ids, BeamSearch.Search(stretched, Long, options, new() { Beams = 1 }, TestContext.Current.CancellationToken)[0].Ids);
    }

    private static List<int> Recomputed(CausalLM model, int[] prompt, int count)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var all = prompt.ToList();
        for (var i = 0; i < count; i++)
        {
            using var grid = TokenGrid.Of(all);
            all.Add((int)model.Logits(grid)[0, all.Count - 1].argmax().item<long>());
        }

        return all[prompt.Length..];
    }
}
