using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Endpoints;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>Key, cost, limits, and what is sent and read besides the text.</summary>
public sealed class EndpointAccountTests
{
    private const string Variable = "ALIDADE_TEST_ENDPOINT_KEY";
    private const string Key = "sk-very-secret-4711";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(401, "application/json")]
    [InlineData(500, "application/json")]
    [InlineData(200, "text/html")]
    public async Task The_key_is_sent_and_stands_in_no_message_and_no_text(int status, string type)
    {
        Environment.SetEnvironmentVariable(Variable, Key);
        try
        {
            // Endpoints quote the key that they refuse.
            await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Json($$"""{"error": {"message": "Incorrect API key provided: {{Key}}" } }""" + (status == 200 ? "<" : ""), status, type));
            using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { KeyVariable = Variable, MaxRetries = 1 });
            var whole = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
            var streamed = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetStreamingResponseAsync("hello", cancellationToken: Cancel).ToChatResponseAsync(Cancel));
            Assert.All(server.Authorizations, a => Assert.Equal("Bearer " + Key, a));
            Assert.Contains("(key)", whole.Message, StringComparison.Ordinal);
            foreach (var text in (string?[])[whole.ToString(), streamed.ToString(), endpoint.Options.ToString(), endpoint.ToString(), endpoint.Statistics.ToString(), endpoint.Chat.ToString(),
                Alidade.Core.Files.Json.ToNode(endpoint.Statistics)!.ToJsonString(), string.Concat(server.Bodies)])
                Assert.DoesNotContain(Key, text, StringComparison.Ordinal);
        }
        finally
        {
            Environment.SetEnvironmentVariable(Variable, null);
        }
    }

    [Theory]
    [InlineData(null, "is not set")]
    [InlineData("two words", "holds a blank")]
    public void A_key_that_cannot_be_used_is_told_by_the_name_of_its_variable(string? value, string says)
    {
        Environment.SetEnvironmentVariable(Variable, value);
        var error = Assert.Throws<AlidadeException>(() => new ModelEndpoint(new() { BaseUrl = new("http://127.0.0.1:1/v1"), Model = "m", KeyVariable = Variable }));
        Environment.SetEnvironmentVariable(Variable, null);
        Assert.Contains(Variable, error.Message, StringComparison.Ordinal);
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("two words", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cost_ceiling_stops_before_the_next_call()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Answer("yes"));
        // 10 input tokens at 2 and 5 output tokens at 8 per million: 0.00006 a call.
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { InputPrice = 2, OutputPrice = 8, CostCeiling = 0.00012m });
        await endpoint.Chat.GetResponseAsync("one", cancellationToken: Cancel);
        Assert.Equal(0.00006m, endpoint.Statistics.Cost);
        await endpoint.Chat.GetResponseAsync("two", cancellationToken: Cancel);
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("three", cancellationToken: Cancel));
        Assert.Equal((EndpointFailure.CostCeiling, 0, 2), (error.Cause, error.Attempts, server.Bodies.Count));
        Assert.Contains("0.00012", error.Message, StringComparison.Ordinal);
        Assert.Equal((3, 2, 1), (endpoint.Statistics.Calls, endpoint.Statistics.Succeeded, endpoint.Statistics.Failures[EndpointFailure.CostCeiling]));
    }

    [Fact]
    public async Task A_ceiling_that_cannot_be_kept_because_nothing_is_counted_stops_as_well()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Answer("yes", usage: null));
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { InputPrice = 2, OutputPrice = 8, CostCeiling = 1 });
        await endpoint.Chat.GetResponseAsync("one", cancellationToken: Cancel);
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("two", cancellationToken: Cancel));
        Assert.Contains("no token counts", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, endpoint.Statistics.AnswersWithoutUsage);
    }

    [Fact]
    public async Task A_list_of_models_costs_nothing_and_breaks_no_ceiling()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Json("""{"data": [{"id": "a"}, {"id": "b"}]}"""), FaultyEndpoint.Answer("yes"));
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { InputPrice = 2, OutputPrice = 8, CostCeiling = 1 });
        Assert.Equal(["a", "b"], await endpoint.ModelsAsync(Cancel));
        Assert.Equal((0, 0), (endpoint.Statistics.AnswersWithoutUsage, endpoint.Statistics.Cost));
        Assert.Equal("yes", (await endpoint.Chat.GetResponseAsync("one", cancellationToken: Cancel)).Text);
    }

    [Fact]
    public async Task No_more_requests_than_allowed_fall_into_any_minute()
    {
        var clock = new FastClock();
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Answer("yes"));
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { RequestsPerMinute = 4 }, clock);
        var started = clock.GetTimestamp();
        await EndpointBatch.MapAsync(new int[10], (_, c) => endpoint.Chat.GetResponseAsync("x", cancellationToken: c), 10, cancellation: Cancel);
        // Requests 5 and 9 each wait for one a minute before.
        Assert.True(clock.GetElapsedTime(started) >= TimeSpan.FromMinutes(2), $"ten requests at four a minute took {clock.GetElapsedTime(started)}");
        Assert.Equal(10, endpoint.Statistics.Succeeded);
    }

    [Fact]
    public async Task Tokens_of_a_minute_count_as_the_endpoint_counted_them()
    {
        var clock = new FastClock();
        using var window = new RateWindow(100, clock);
        var first = await window.TakeAsync(90, Cancel);
        window.Correct(first, 10);
        var started = clock.GetTimestamp();
        await window.TakeAsync(90, Cancel);
        Assert.True(clock.GetElapsedTime(started) < TimeSpan.FromMinutes(1), "there was room once the first was corrected");
        await window.TakeAsync(20, Cancel);
        Assert.True(clock.GetElapsedTime(started) >= TimeSpan.FromSeconds(59), "the third had to wait");
    }

    [Fact]
    public async Task A_request_above_the_whole_limit_passes_alone()
    {
        using var window = new RateWindow(100, new FastClock());
        await window.TakeAsync(1000, Cancel);
    }

    [Fact]
    public async Task No_more_calls_than_allowed_are_under_way_at_once()
    {
        var (now, most) = (0, 0);
        await using var server = await FaultyEndpoint.Start(async context =>
        {
            var here = Interlocked.Increment(ref now);
            InterlockedMax(ref most, here);
            await Task.Delay(5, Cancel);
            Interlocked.Decrement(ref now);
            await FaultyEndpoint.Answer("yes")(context);
        });
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { MaxConcurrency = 3 });
        await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => endpoint.Chat.GetResponseAsync("x", cancellationToken: Cancel)));
        Assert.InRange(most, 1, 3);
    }

    [Fact]
    public async Task Options_are_sent_under_the_names_of_the_protocol()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Answer("yes"));
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { MaxTokensField = "max_completion_tokens" });
        var options = new ChatOptions
        {
            Temperature = 0.5f,
            TopP = 0.9f,
            TopK = 40,
            MaxOutputTokens = 12,
            Seed = 3,
            FrequencyPenalty = 1,
            PresencePenalty = -1,
            StopSequences = ["end"],
            Instructions = "be brief",
            ResponseFormat = ChatResponseFormat.Json,
            AdditionalProperties = new() { ["logit_bias"] = new Dictionary<string, int> { ["5"] = -100 } },
        }.WithLogProbs(2);
        await endpoint.Chat.GetResponseAsync("hello", options, Cancel);
        var expected = JsonNode.Parse("""
            {"model": "m", "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}], "temperature": 0.5, "top_p": 0.9, "top_k": 40,
             "frequency_penalty": 1, "presence_penalty": -1, "seed": 3, "max_completion_tokens": 12, "stop": ["end"], "response_format": {"type": "json_object"},
             "logit_bias": {"5": -100}, "logprobs": true, "top_logprobs": 2}
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(server.Bodies.Single())), server.Bodies.Single());
    }

    [Fact]
    public async Task An_answer_with_thoughts_or_a_refusal_goes_into_the_next_turn()
    {
        await using var server = await FaultyEndpoint.Start(
            FaultyEndpoint.Json("""{"choices": [{"message": {"content": "four", "reasoning_content": "two and two"}}]}"""),
            FaultyEndpoint.Json("""{"choices": [{"message": {"content": null, "refusal": "no"}}]}"""),
            FaultyEndpoint.Answer("yes"));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        List<ChatMessage> turns = [new(ChatRole.User, "2 + 2?")];
        for (var turn = 0; turn < 2; turn++)
            turns.AddRange([.. (await endpoint.Chat.GetResponseAsync(turns, cancellationToken: Cancel)).Messages, new(ChatRole.User, "more")]);
        await endpoint.Chat.GetResponseAsync(turns, cancellationToken: Cancel);
        var expected = JsonNode.Parse("""
            [{"role": "user", "content": "2 + 2?"}, {"role": "assistant", "content": "four"}, {"role": "user", "content": "more"},
             {"role": "assistant", "content": null, "refusal": "no"}, {"role": "user", "content": "more"}]
            """);
        var sent = JsonNode.Parse(server.Bodies.Last())!["messages"];
        Assert.True(JsonNode.DeepEquals(expected, sent), sent!.ToJsonString());
    }

    [Fact]
    public async Task What_the_client_cannot_send_is_refused_by_name()
    {
        using var endpoint = new ModelEndpoint(new() { BaseUrl = new("http://127.0.0.1:1/v1"), Model = "m" });
        var error = await Assert.ThrowsAsync<NotBuiltException>(() => endpoint.Chat.GetResponseAsync("x", new() { Tools = [AIFunctionFactory.CreateDeclaration("f", "d", default)] }, Cancel));
        Assert.Contains("'Tools'", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, endpoint.Statistics.Calls);
    }

    [Fact]
    public async Task Log_probabilities_are_read_from_chats()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Answer(
            "ab", logProbs: """{"content": [{"token": "a", "logprob": -0.5, "top_logprobs": [{"token": "a", "logprob": -0.5}, {"token": "x", "logprob": -2}]}, {"token": "b", "logprob": -1, "top_logprobs": []}]}"""));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        var tokens = (await endpoint.Chat.GetResponseAsync("x", new ChatOptions().WithLogProbs(2), Cancel)).LogProbs()!;
        Assert.Equal([("a", -0.5), ("b", -1.0)], tokens.Select(t => (t.Text, t.LogProb!.Value)));
        Assert.Equal([("a", -0.5), ("x", -2.0)], tokens[0].Top);
    }

    [Fact]
    public async Task A_text_is_scored_by_its_echo_and_a_token_that_the_server_adds_is_left_out()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Json(
            """{"choices": [{"text": "the cat sat", "logprobs": {"tokens": ["the", " cat", " sat"], "token_logprobs": [null, -1.5, -0.25], "top_logprobs": null}, "finish_reason": "length"}], "usage": {"prompt_tokens": 2}}"""));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        var tokens = await endpoint.ScoreAsync("the cat", cancellation: Cancel);
        Assert.Equal([("the", null), (" cat", -1.5)], tokens.Select(t => (t.Text, t.LogProb)));
        var sent = JsonNode.Parse(server.Bodies.Single())!;
        Assert.Equal((true, 0, 0), ((bool)sent["echo"]!, (int)sent["max_tokens"]!, (int)sent["logprobs"]!));
    }

    [Fact]
    public async Task A_server_that_does_not_score_texts_is_told_once_and_not_asked_again()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Json("""{"choices": [{"text": "the cat"}]}"""));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.ScoreAsync("the cat", cancellation: Cancel));
        Assert.Contains("'echo'", error.Message, StringComparison.Ordinal);
        Assert.Single(server.Bodies);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            if (Interlocked.CompareExchange(ref target, value, seen) == seen)
                return;
    }
}
