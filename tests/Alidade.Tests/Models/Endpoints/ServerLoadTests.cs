using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>Many clients at once, some of them bad: the others get what they would get alone, and nothing stays behind.</summary>
public sealed class ServerLoadTests
{
    private const int Clients = 32;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Of_32_streaming_clients_the_good_get_their_answers_whatever_the_bad_do()
    {
        var before = LiveTensors.Settled();
        await using var running = await RunningServer.Start(o => o with { MaxBodyBytes = 20_000 });
        // What each prompt gives alone. Prompts differ in length, so that rows are ragged.
        var prompts = Enumerable.Range(0, Clients).Select(i => new string((char)('a' + (i % 26)), 1 + (i * 3))).ToArray();
        var alone = new string[Clients];
        for (var i = 0; i < Clients; i++)
            alone[i] = (string)(await running.Post("completions", Body(prompts[i], i, stream: false))).Body["choices"]![0]!["text"]!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(100));
        for (var round = 0; round < 3; round++)
        {
            var answers = await Task.WhenAll(Enumerable.Range(0, Clients).Select(i => (i % 8) switch
            {
                0 => Leave(running, prompts[i], i, limit.Token),
                1 => Oversized(running),
                2 => WrongType(running),
                3 => Slow(running, prompts[i], i, limit.Token),
                4 => Broken(running),
                _ => Good(running, prompts[i], i, limit.Token),
            }));
            for (var i = 0; i < Clients; i++)
                Assert.Equal(answers[i] is null ? null : alone[i], answers[i]);
            Assert.Equal(Clients / 2, answers.Count(a => a is not null));
        }

        // Those who left are noticed between two steps.
        while (running.Server.Statistics is not { Running: 0, Waiting: 0 })
            await Task.Delay(5, limit.Token);
        // With the server and its model everything goes: not counted by the collector, which would free what was forgotten.
        await running.DisposeAsync();
        Assert.Equal(before, Tensor.TotalCount);
    }

    private static string Body(string prompt, int i, bool stream) => JsonSerializer.Serialize(new
    {
        prompt,
        seed = i,
        max_tokens = 24,
        temperature = i % 2 == 0 ? 0 : 1,
        stream,
        logit_bias = new Dictionary<string, int> { ["0"] = -100 },
    });

    private static async Task<string?> Good(RunningServer running, string prompt, int i, CancellationToken limit)
    {
        var events = await running.Stream("completions", Body(prompt, i, stream: true), limit);
        return string.Concat(events.Select(e => (string?)e["choices"]![0]!["text"]));
    }

    private static async Task<string?> Slow(RunningServer running, string prompt, int i, CancellationToken limit)
    {
        var events = await running.Stream("completions", Body(prompt, i, stream: true), limit, n => Task.Delay(n % 4 == 0 ? 20 : 1, limit));
        return string.Concat(events.Select(e => (string?)e["choices"]![0]!["text"]));
    }

    private static async Task<string?> Leave(RunningServer running, string prompt, int i, CancellationToken limit)
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(limit);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            running.Stream("completions", Body(prompt, i, stream: true), leaving.Token, n => n == 2 ? leaving.CancelAsync() : Task.CompletedTask));
        return null;
    }

    private static async Task<string?> Oversized(RunningServer running)
    {
        // The server may close the connection while the rest is still being sent.
        try
        {
            Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await running.Post("completions", Body(new string('x', 50_000), 0, stream: true))).Status);
        }
        catch (HttpRequestException)
        {
        }

        return null;
    }

    private static async Task<string?> WrongType(RunningServer running)
    {
        Assert.Equal(HttpStatusCode.BadRequest, (await running.Post("completions", """{"prompt": "x", "max_tokens": "many", "stream": true}""")).Status);
        return null;
    }

    // Half a request, and then nothing more.
    private static async Task<string?> Broken(RunningServer running)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(running.Server.Url.Host, running.Server.Url.Port, Cancel);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes("POST /v1/completions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"prompt\": "), Cancel);
        return null;
    }
}
