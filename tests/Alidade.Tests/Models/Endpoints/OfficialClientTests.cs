using System.ClientModel;
using System.ClientModel.Primitives;
using Alidade.Models.Chat;
using Alidade.Models.Encoders;
using Alidade.Models.Endpoints;
using Alidade.Models.Generation;
using Alidade.Tests.Golden;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using OpenAI;
using OpenAI.Chat;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>OpenAI's own .NET client, and Alidade's, talk with the server.</summary>
public sealed class OfficialClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chat_with_log_probabilities()
    {
        await using var running = await RunningServer.Start();
        var chat = Client(running).GetChatClient("tiny");
        ChatCompletion answer = await chat.CompleteChatAsync(
            [new SystemChatMessage("be brief"), new UserChatMessage("hello")],
            new() { Temperature = 0, MaxOutputTokenCount = 8, IncludeLogProbabilities = true, TopLogProbabilityCount = 2 },
            Cancel);
        var prompt = ChatEncoder.Prompt(running.Model, [new("system", "be brief"), new("user", "hello")]);
        var expected = TextGenerator.Generate(running.Model, [prompt], new() { MaxNewTokens = 8 }, cancellation: Cancel)[0];
        Assert.Equal(expected.Text, answer.Content.Count == 0 ? "" : answer.Content[0].Text);
        Assert.Equal((prompt.Length, expected.Ids.Count), (answer.Usage.InputTokenCount, answer.Usage.OutputTokenCount));
        Assert.Equal(expected.LogProbs.Count, answer.ContentTokenLogProbabilities.Count);
        Assert.All(expected.LogProbs.Zip(answer.ContentTokenLogProbabilities), p => Assert.Equal(p.First, p.Second.LogProbability, 1e-5));
    }

    [Fact]
    public async Task A_stream_with_usage()
    {
        await using var running = await RunningServer.Start();
        var (text, finish, output) = ("", (OpenAI.Chat.ChatFinishReason?)null, 0);
        await foreach (var update in Client(running).GetChatClient("tiny").CompleteChatStreamingAsync([new UserChatMessage("hello")], new() { Temperature = 0, MaxOutputTokenCount = 8 }, Cancel))
        {
            text += string.Concat(update.ContentUpdate.Select(c => c.Text));
            finish = update.FinishReason ?? finish;
            output = update.Usage?.OutputTokenCount ?? output;
        }

        var expected = TextGenerator.Generate(running.Model, [ChatEncoder.Prompt(running.Model, [new("user", "hello")])], new() { MaxNewTokens = 8 }, cancellation: Cancel)[0];
        Assert.Equal(expected.Text, text);
        Assert.Equal(expected.Truncated ? OpenAI.Chat.ChatFinishReason.Length : OpenAI.Chat.ChatFinishReason.Stop, finish);
        Assert.Equal(expected.Ids.Count, output);
    }

    public static bool HasEncoder => Encoder is not null;

    private static string? Encoder => Directory.Exists(GoldenFolder.Models)
        ? Directory.EnumerateDirectories(GoldenFolder.Models).FirstOrDefault(d => File.Exists(Path.Combine(d, "modules.json"))) : null;

    [Fact(SkipUnless = nameof(HasEncoder), Skip = "there is no sentence encoder beside the golden folder")]
    public async Task Embeddings_of_a_real_encoder()
    {
        using var encoder = SentenceEncoder.Load(Encoder!);
        await using var running = await RunningServer.Start(embeddings: encoder);
        string[] texts = ["A cat sits on the mat.", "Model alignment"];
        var answer = (await Client(running).GetEmbeddingClient(Path.GetFileName(Encoder!)).GenerateEmbeddingsAsync(texts, cancellationToken: Cancel)).Value;
        var expected = encoder.Embed(texts, cancellation: Cancel);
        Assert.Equal(expected.Vectors.Count, answer.Count);
        foreach (var (vector, told) in expected.Vectors.Zip(answer))
            Assert.Equal(vector, told.ToFloats().ToArray());
        Assert.Equal(expected.Tokens, answer.Usage.InputTokenCount);
        using var endpoint = new ModelEndpoint(new() { BaseUrl = running.Server.Url, Model = Path.GetFileName(Encoder!) });
        var own = await endpoint.Embeddings.GenerateAsync(texts, cancellationToken: Cancel);
        Assert.Equal(expected.Vectors[1], own[1].Vector.ToArray());
    }

    [Fact]
    public async Task Models_and_errors()
    {
        await using var running = await RunningServer.Start();
        var client = Client(running);
        Assert.Equal("tiny", Assert.Single((await client.GetOpenAIModelClient().GetModelsAsync(Cancel)).Value).Id);
        var error = await Assert.ThrowsAsync<ClientResultException>(() => client.GetChatClient("gpt-9").CompleteChatAsync([new UserChatMessage("x")], cancellationToken: Cancel));
        Assert.Equal(404, error.Status);
        Assert.Contains("no model 'gpt-9'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Alidades_own_client_chats_streams_and_scores()
    {
        await using var running = await RunningServer.Start();
        using var endpoint = new ModelEndpoint(new() { BaseUrl = running.Server.Url, Model = "tiny" });
        var options = new ChatOptions { Temperature = 0, MaxOutputTokens = 8 };
        var whole = await endpoint.Chat.GetResponseAsync("hello", options.WithLogProbs(1), Cancel);
        var streamed = await endpoint.Chat.GetStreamingResponseAsync("hello", options, Cancel).ToChatResponseAsync(Cancel);
        Assert.Equal(whole.Text, streamed.Text);
        Assert.Equal(whole.Usage!.OutputTokenCount, streamed.Usage!.OutputTokenCount);
        Assert.Equal(whole.Usage.OutputTokenCount, whole.LogProbs()!.Count);
        // Two tokens of "é" are no whole characters, and are named by their bytes.
        var scored = await endpoint.ScoreAsync("caf\u00E9 au lait", 1, Cancel);
        Assert.Equal(running.Model.Tokenizer.Encode("caf\u00E9 au lait").Length, scored.Count);
        Assert.Contains(@"bytes:\xc3", scored.Select(t => t.Text));
        Assert.Equal(["tiny"], await endpoint.ModelsAsync(Cancel));
        Assert.Equal((4, 4, 0), (endpoint.Statistics.Calls, endpoint.Statistics.Succeeded, endpoint.Statistics.Failures.Count));
    }

    [Fact]
    public async Task A_local_model_and_an_endpoint_stand_in_the_usual_pipelines()
    {
        using var model = TinyChat.Create();
        var logged = new List<string>();
        using var factory = new Recorder(logged);
        using var local = new LocalChatClient(model, new() { MaxNewTokens = 4 });
        using var pipeline = new ChatClientBuilder(local).UseLogging(factory).ConfigureOptions(o => o.MaxOutputTokens = 3).Build();
        var response = await pipeline.GetResponseAsync("hello", cancellationToken: Cancel);
        Assert.InRange(response.Usage!.OutputTokenCount!.Value, 0, 3);
        Assert.Same(model, pipeline.GetService(typeof(Alidade.Models.CausalLM)));
        Assert.NotEmpty(logged);
    }

    private static OpenAIClient Client(RunningServer running) => new(new ApiKeyCredential("none"), new()
    {
        Endpoint = running.Server.Url,
        RetryPolicy = new ClientRetryPolicy(0),
        Transport = new HttpClientPipelineTransport(new HttpClient(new SocketsHttpHandler { UseProxy = false })),
    });

    private sealed class Recorder(List<string> lines) : ILoggerFactory, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider)
        {
        }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Add(formatter(state, exception));

        public void Dispose()
        {
        }
    }
}
