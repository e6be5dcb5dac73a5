using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Engine;
using Alidade.Tests.Training.Trainers;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Generation.Engine;

public sealed class GenerationEngineTests : IDisposable
{
    private readonly OneThread thread = new();
    private readonly CausalLM model = Tiny.Model();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        model.Dispose();
        thread.Dispose();
    }

    [Fact]
    public async Task Requests_of_many_lengths_and_options_at_once_get_what_they_get_alone()
    {
        int[] Prompt(int i) => [.. Enumerable.Range(0, 1 + (i * 7 % 23)).Select(p => ((i * 5) + (p * 3)) % 29)];
        GenerationOptions Options(int i) => new()
        {
            MaxNewTokens = 1 + (i * 5 % 19),
            Temperature = i % 3 == 0 ? 0 : 0.9,
            TopP = i % 2 == 0 ? 1 : 0.8,
            RepetitionPenalty = i % 4 == 1 ? 1.3 : 1,
            Seed = (ulong)i,
        };
        var alone = Enumerable.Range(0, 24).Select(i => TextGenerator.Generate(model, [Prompt(i)], Options(i), cancellation: Cancellation)[0]).ToArray();
        await using var engine = new GenerationEngine(model, new() { MostRows = 5, MostPromptTokens = 30 });
        var together = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => engine.GenerateAsync(Prompt(i), Options(i), Cancellation)));
        for (var i = 0; i < alone.Length; i++)
        {
            Assert.Equal(alone[i].Ids, together[i].Ids);
            Assert.Equal(alone[i].Reason, together[i].Reason);
            Assert.All(alone[i].LogProbs.Zip(together[i].LogProbs), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
        }

        Assert.Equal(together.Sum(g => g.Ids.Count), engine.Statistics.TokensGenerated);
    }

    [Fact]
    public async Task Requests_with_one_beginning_that_come_one_after_the_other_get_what_they_get_alone()
    {
        int[] Prompt(int i) => [.. Enumerable.Range(0, 30).Select(p => (p * 11) % 29), .. Enumerable.Range(0, i % 3).Select(p => p + i)];
        GenerationOptions Options(int i) => new() { MaxNewTokens = 12, Temperature = 1, Seed = (ulong)i, IgnoreEndTokens = true };
        var alone = Enumerable.Range(0, 8).Select(i => TextGenerator.Generate(model, [Prompt(i)], Options(i), cancellation: Cancellation)[0]).ToArray();
        await using var engine = new GenerationEngine(model, new() { MostRows = 4 });
        var running = new List<Task<Generated>>();
        for (var i = 0; i < alone.Length; i++)
        {
            running.Add(engine.GenerateAsync(Prompt(i), Options(i), Cancellation));
            await engine.RunAsync(_ => 0, Cancellation);
        }

        var results = await Task.WhenAll(running);
        for (var i = 0; i < alone.Length; i++)
            Assert.Equal(alone[i].Ids, results[i].Ids);
        await engine.RunAsync(_ => 0, Cancellation);
        Assert.InRange(engine.Statistics.PrefixTokens, 30, 4096);
    }

    [Fact]
    public async Task A_consumer_that_does_not_read_does_not_hold_up_the_others()
    {
        await using var engine = new GenerationEngine(model, new());
        await using var slow = engine.StreamAsync([1, 2], new() { MaxNewTokens = 40, IgnoreEndTokens = true }, Cancellation).GetAsyncEnumerator(Cancellation);
        Assert.True(await slow.MoveNextAsync());
        var first = slow.Current;
        var other = await engine.GenerateAsync([3, 4], new() { MaxNewTokens = 45, IgnoreEndTokens = true }, Cancellation);
        Assert.Equal(45, other.Ids.Count);
        var tokens = first.Tokens.Count;
        var chunks = 1;
        for (; await slow.MoveNextAsync(); chunks++)
            tokens += slow.Current.Tokens.Count;
        Assert.Equal(40, tokens);
        Assert.InRange(chunks, 1, 10);
    }

    [Fact]
    public async Task A_request_that_is_cancelled_or_left_leaves_the_batch()
    {
        await using var engine = new GenerationEngine(model, new());
        using var cancel = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in engine.StreamAsync([1], new() { MaxNewTokens = 60, IgnoreEndTokens = true }, cancel.Token))
                await cancel.CancelAsync();
        });
        await foreach (var _ in engine.StreamAsync([1], new() { MaxNewTokens = 60, IgnoreEndTokens = true }, Cancellation))
            break;
        await engine.GenerateAsync([1], new() { MaxNewTokens = 2, IgnoreEndTokens = true }, Cancellation);
        await engine.RunAsync(_ => 0, Cancellation);
        Assert.Equal(0, engine.Statistics.Running);
        Assert.Equal(0, engine.Statistics.CacheTokens);
    }

    [Fact]
    public async Task Who_has_an_answer_finds_it_counted_and_asks_again_by_enumerating_again()
    {
        await using var engine = new GenerationEngine(model, new());
        var stream = engine.StreamAsync([1, 2], new() { MaxNewTokens = 3, IgnoreEndTokens = true }, Cancellation);
        for (var i = 1; i <= 100; i++)
        {
            GenerationChunk? last = null;
            await foreach (var chunk in stream)
                last = chunk;
            Assert.Equal(3, last!.Result!.Ids.Count);
            var now = engine.Statistics;
            Assert.Equal((0, 3L * i, 0), (now.Running, now.TokensGenerated, now.CacheTokens));
        }
    }

    [Fact]
    public async Task A_request_that_fails_fails_alone()
    {
        await using var engine = new GenerationEngine(model, new());
        var good = engine.GenerateAsync([1, 2, 3], new() { MaxNewTokens = 20, IgnoreEndTokens = true }, Cancellation);
        var nothing = Assert.ThrowsAsync<AlidadeException>(() => engine.GenerateAsync([1, 2], new() { SuppressTokens = [.. Enumerable.Range(0, 29)] }, Cancellation));
        var work = Assert.ThrowsAsync<InvalidDataException>(() => engine.RunAsync<int>(_ => throw new InvalidDataException("on purpose"), Cancellation));
        Assert.Contains("no token is left", (await nothing).Message, StringComparison.Ordinal);
        Assert.Equal("on purpose", (await work).Message);
        Assert.Equal(20, (await good).Ids.Count);
    }

    [Fact]
    public async Task What_cannot_be_run_is_refused_at_the_call_and_too_many_are_told_to_come_back()
    {
        await using var engine = new GenerationEngine(model, new() { MostRows = 1, MostWaiting = 1, MostCacheTokens = 50 });
        Assert.Throws<AlidadeException>(() => engine.StreamAsync([], new(), Cancellation));
        Assert.Throws<AlidadeException>(() => engine.StreamAsync([1], new() { Temperature = -1 }, Cancellation));
        Assert.Contains("50 tokens", Assert.Throws<AlidadeException>(() => engine.StreamAsync([1], new() { MaxNewTokens = 60 }, Cancellation)).Message, StringComparison.Ordinal);
        using var hold = new ManualResetEventSlim();
        var held = engine.RunAsync(_ => hold.Wait(TimeSpan.FromSeconds(30), Cancellation), Cancellation);
        var waits = engine.GenerateAsync([1], new() { MaxNewTokens = 2 }, Cancellation);
        while (engine.Statistics.Waiting == 0)
            await Task.Yield();
        await Assert.ThrowsAsync<EngineBusyException>(() => engine.GenerateAsync([1], new() { MaxNewTokens = 2 }, Cancellation));
        hold.Set();
        Assert.True(await held);
        await waits;
    }

    [Fact]
    public async Task Disposing_ends_every_request_and_leaves_no_tensor()
    {
        var before = LiveTensors.Settled();
        var engine = new GenerationEngine(model, new() { MostRows = 2 });
        await engine.GenerateAsync([4, 5, 6], new() { MaxNewTokens = 5, IgnoreEndTokens = true }, Cancellation);
        var requests = Enumerable.Range(0, 6).Select(i => engine.GenerateAsync([i], new() { MaxNewTokens = 63, IgnoreEndTokens = true }, Cancellation)).ToArray();
        await engine.DisposeAsync();
        foreach (var request in requests)
            await Assert.ThrowsAsync<ObjectDisposedException>(() => request);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.RunAsync(_ => 0, Cancellation));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => engine.GenerateAsync([1], new(), Cancellation));
        Assert.Equal(before, Tensor.TotalCount);
    }
}
