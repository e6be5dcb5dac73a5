using Alidade.Models.Endpoints;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>Streams: what came is handed on, what is missing is an error with its cause.</summary>
public sealed class EndpointStreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Pieces_and_usage_arrive()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Events(false, ": a comment\n\n", FaultyEndpoint.Delta("Hel"), FaultyEndpoint.Delta("lo"), FaultyEndpoint.Finish, FaultyEndpoint.Usage, FaultyEndpoint.Done));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        var response = await endpoint.Chat.GetStreamingResponseAsync("hi", cancellationToken: Cancel).ToChatResponseAsync(Cancel);
        Assert.Equal("Hello", response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
        Assert.Equal((7, 3), (response.Usage!.InputTokenCount, response.Usage.OutputTokenCount));
        Assert.Equal((1, 7, 3), (endpoint.Statistics.Succeeded, endpoint.Statistics.InputTokens, endpoint.Statistics.OutputTokens));
        Assert.Contains("\"include_usage\":true", server.Bodies.Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_leaves_out_the_closing_mark_has_finished_when_its_choice_has()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Events(false, FaultyEndpoint.Delta("Hello"), FaultyEndpoint.Finish));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        Assert.Equal("Hello", (await endpoint.Chat.GetStreamingResponseAsync("hi", cancellationToken: Cancel).ToChatResponseAsync(Cancel)).Text);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_stream_that_ends_early_hands_on_what_came_and_fails(bool cut)
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Events(cut, FaultyEndpoint.Delta("Hel"), FaultyEndpoint.Delta("lo")));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        var (text, error) = await Read(endpoint);
        // A cut connection may take the last event with it.
        Assert.StartsWith(cut ? "H" : "Hello", text, StringComparison.Ordinal);
        Assert.Equal(EndpointFailure.Truncated, error!.Cause);
        Assert.Equal((1, 1, 0), (endpoint.Statistics.Attempts, endpoint.Statistics.Failures[EndpointFailure.Truncated], endpoint.Statistics.Succeeded));
    }

    [Theory]
    [InlineData("data: {\"choices\": [{\"del\n\n", EndpointFailure.Truncated)]
    [InlineData("data: <html>\n\n", EndpointFailure.InvalidAnswer)]
    [InlineData("data: {\"choices\": [{\"delta\": {\"content\": 7}}]}\n\n", EndpointFailure.InvalidAnswer)]
    [InlineData("data: {\"error\": {\"message\": \"the model fell over\"}}\n\n", EndpointFailure.ServerError)]
    public async Task An_event_that_is_broken_fails_with_its_cause(string broken, EndpointFailure cause)
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Events(false, FaultyEndpoint.Delta("Hello"), broken, FaultyEndpoint.Done));
        using var endpoint = EndpointRetryTests.Endpoint(server);
        var (text, error) = await Read(endpoint);
        Assert.Equal("Hello", text);
        Assert.Equal(cause, error!.Cause);
        Assert.Equal(1, Assert.Single(endpoint.Statistics.Failures, f => f.Key == cause).Value);
    }

    [Fact]
    public async Task What_fails_before_the_first_event_is_tried_again()
    {
        await using var server = await FaultyEndpoint.Start(
            FaultyEndpoint.Events(true),
            FaultyEndpoint.Events(false, FaultyEndpoint.Done),
            FaultyEndpoint.Json("<html></html>", 200, "text/html"),
            FaultyEndpoint.Json("""{"error": {"message": "the model fell over"}}"""),
            FaultyEndpoint.Events(false, "data: {\"choices\": 7}\n\n"),
            FaultyEndpoint.Status(500),
            FaultyEndpoint.Events(false, FaultyEndpoint.Delta("yes"), FaultyEndpoint.Finish, FaultyEndpoint.Done));
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { MaxRetries = 6 });
        var (text, error) = await Read(endpoint);
        Assert.Null(error);
        Assert.Equal("yes", text);
        Assert.Equal(6, endpoint.Statistics.Retries.Values.Sum());
        Assert.Equal(1, endpoint.Statistics.Retries[EndpointFailure.EmptyAnswer]);
        Assert.Equal((2, 2), (endpoint.Statistics.Retries[EndpointFailure.InvalidAnswer], endpoint.Statistics.Retries[EndpointFailure.ServerError]));
        Assert.Equal(1, endpoint.Statistics.AnswersWithoutUsage);
    }

    [Fact]
    public async Task A_stream_that_falls_silent_times_out()
    {
        await using var server = await FaultyEndpoint.Start(async context =>
        {
            await FaultyEndpoint.Events(false, FaultyEndpoint.Delta("Hello"))(context);
            await FaultyEndpoint.Hang(context);
        });
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { AttemptTimeout = TimeSpan.FromSeconds(2000) });
        var (text, error) = await Read(endpoint);
        Assert.Equal("Hello", text);
        Assert.Equal(EndpointFailure.Timeout, error!.Cause);
    }

    [Fact]
    public async Task A_slow_reader_does_not_use_up_the_time_of_a_try()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Events(false, FaultyEndpoint.Delta("a"), FaultyEndpoint.Delta("b"), FaultyEndpoint.Finish, FaultyEndpoint.Done));
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { AttemptTimeout = TimeSpan.FromSeconds(1000), MaxRetries = 20 });
        var text = "";
        await foreach (var update in endpoint.Chat.GetStreamingResponseAsync("hi", cancellationToken: Cancel))
        {
            text += update.Text;
            if (update.Text == "a")
                await Task.Delay(TimeSpan.FromMilliseconds(1500), Cancel);
        }

        Assert.Equal("ab", text);
    }

    [Fact]
    public async Task A_reader_who_leaves_is_counted_and_frees_the_slot()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Events(false, FaultyEndpoint.Delta("a"), FaultyEndpoint.Delta("b"), FaultyEndpoint.Finish, FaultyEndpoint.Done));
        using var endpoint = EndpointRetryTests.Endpoint(server, o => o with { MaxConcurrency = 1 });
        await foreach (var _ in endpoint.Chat.GetStreamingResponseAsync("hi", cancellationToken: Cancel))
            break;
        var (text, error) = await Read(endpoint);
        Assert.Equal(("ab", null), (text, error));
        Assert.Equal((1, 1), (endpoint.Statistics.Failures[EndpointFailure.Cancelled], endpoint.Statistics.Succeeded));
    }

    private static async Task<(string Text, EndpointException? Error)> Read(ModelEndpoint endpoint)
    {
        var text = "";
        try
        {
            await foreach (var update in endpoint.Chat.GetStreamingResponseAsync("hi", cancellationToken: Cancel))
                text += update.Text;
            return (text, null);
        }
        catch (EndpointException error)
        {
            return (text, error);
        }
    }
}
