using System.Globalization;
using Alidade.Core;
using Alidade.Models.Endpoints;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.AI;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>A client against an endpoint that misbehaves: tries are bounded, every failure is counted by its cause, and a call ends in exactly one way.</summary>
public sealed class EndpointRetryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Faults by name, for rows of theories must be simple values.</summary>
    private static Func<HttpContext, Task> Fault(string name) => name switch
    {
        "429" => FaultyEndpoint.Status(429),
        "429 with a wait" => FaultyEndpoint.Status(429, ("Retry-After", "7")),
        "429 with a wait that is no number" => FaultyEndpoint.Status(429, ("Retry-After", "NaN")),
        "500" => FaultyEndpoint.Status(500),
        "503 page" => FaultyEndpoint.Json("<html>overloaded</html>", 503, "text/html"),
        "409" => FaultyEndpoint.Status(409),
        "408" => FaultyEndpoint.Status(408),
        "hang" => FaultyEndpoint.Hang,
        "reset" => FaultyEndpoint.Reset,
        "cut body" => FaultyEndpoint.CutBody("""{"choices": [{"mess"""),
        "half JSON" => FaultyEndpoint.Json("""{"choices": [{"message": {"content": "hal"""),
        "empty body" => FaultyEndpoint.Json(""),
        "page" => FaultyEndpoint.Json("<!DOCTYPE html><html><body>Welcome to the hotel's wireless</body></html>", 200, "text/html"),
        "page as JSON" => FaultyEndpoint.Json("<html></html>"),
        "other JSON" => FaultyEndpoint.Json("""{"greeting": "hello"}"""),
        "JSON text" => FaultyEndpoint.Json("\"hello\""),
        "wrong type" => FaultyEndpoint.Json("""{"choices": [{"message": {"content": 7}}]}"""),
        "half a character" => FaultyEndpoint.Json("""{"choices": [{"message": {"content": "\ud83d"}}]}"""),
        "half a character in a name" => FaultyEndpoint.Json("""{"\ud83d": 1}"""),
        "broken gzip" => Compressed("gzip"),
        "broken brotli" => Compressed("br"),
        "error as success" => FaultyEndpoint.Json("""{"error": {"message": "the model fell over"}}"""),
        "no message" => FaultyEndpoint.Json("""{"choices": [{}]}"""),
        "no choices" => FaultyEndpoint.Json("""{"choices": []}"""),
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, null),
    };

    public static TheoryData<string, EndpointFailure> Passing => new()
    {
        { "429", EndpointFailure.RateLimited },
        { "429 with a wait", EndpointFailure.RateLimited },
        { "429 with a wait that is no number", EndpointFailure.RateLimited },
        { "500", EndpointFailure.ServerError },
        { "503 page", EndpointFailure.ServerError },
        { "409", EndpointFailure.ServerError },
        { "408", EndpointFailure.Timeout },
        { "hang", EndpointFailure.Timeout },
        { "reset", EndpointFailure.Connection },
        { "cut body", EndpointFailure.Truncated },
        { "half JSON", EndpointFailure.Truncated },
        { "empty body", EndpointFailure.InvalidAnswer },
        { "page", EndpointFailure.InvalidAnswer },
        { "page as JSON", EndpointFailure.InvalidAnswer },
        { "other JSON", EndpointFailure.InvalidAnswer },
        { "JSON text", EndpointFailure.InvalidAnswer },
        { "wrong type", EndpointFailure.InvalidAnswer },
        { "half a character", EndpointFailure.InvalidAnswer },
        { "half a character in a name", EndpointFailure.InvalidAnswer },
        { "broken gzip", EndpointFailure.InvalidAnswer },
        { "broken brotli", EndpointFailure.InvalidAnswer },
        { "error as success", EndpointFailure.ServerError },
        { "no message", EndpointFailure.InvalidAnswer },
        { "no choices", EndpointFailure.EmptyAnswer },
    };

    private static Func<HttpContext, Task> Compressed(string encoding) => async context =>
    {
        context.Response.Headers.ContentEncoding = encoding;
        await FaultyEndpoint.Json("this was never compressed, whatever the header says")(context);
    };

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task A_fault_that_passes_is_tried_again_and_counted(string fault, EndpointFailure cause)
    {
        await using var server = await FaultyEndpoint.Start(Fault(fault), Fault(fault), FaultyEndpoint.Answer("at last"));
        using var endpoint = Endpoint(server, o => fault == "hang" ? o with { AttemptTimeout = TimeSpan.FromSeconds(300) } : o);
        var response = await endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel);
        Assert.Equal("at last", response.Text);
        var s = endpoint.Statistics;
        // A busy machine may take longer than the short time that the hanging server is given.
        if (fault != "hang")
            Assert.Equal(3, s.Attempts);
        Assert.Equal(s.Attempts - 1, Assert.Single(s.Retries).Value);
        Assert.Equal(cause, s.Retries.Keys.Single());
        Assert.Equal((1, 1, 0), (s.Calls, s.Succeeded, s.Failures.Count));
        Assert.Equal((10, 5), (s.InputTokens, s.OutputTokens));
    }

    [Theory]
    [MemberData(nameof(Passing))]
    public async Task A_fault_that_stays_ends_after_the_tries_allowed_with_its_cause(string fault, EndpointFailure cause)
    {
        await using var server = await FaultyEndpoint.Start(Fault(fault));
        using var endpoint = Endpoint(server, o => o with { MaxRetries = 2, AttemptTimeout = fault == "hang" ? TimeSpan.FromSeconds(200) : o.AttemptTimeout });
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal((cause, 3), (error.Cause, error.Attempts));
        Assert.Contains("gave up after 3 tries", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
        Assert.Equal(3, server.Bodies.Count);
        var s = endpoint.Statistics;
        Assert.Equal((1, 0, 3, 2), (s.Calls, s.Succeeded, s.Attempts, s.Retries[cause]));
        Assert.Equal(1, s.Failures[cause]);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(422)]
    public async Task A_request_that_is_refused_is_not_sent_again(int status)
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Status(status));
        using var endpoint = Endpoint(server);
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal((EndpointFailure.Refused, (int?)status, 1), (error.Cause, error.Status, error.Attempts));
        Assert.Contains("not now", error.Message, StringComparison.Ordinal);
        Assert.Single(server.Bodies);
    }

    [Fact]
    public async Task A_quota_that_is_used_up_is_not_tried_again()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Json("""{"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}}""", 429));
        using var endpoint = Endpoint(server);
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal((EndpointFailure.RateLimited, 1), (error.Cause, error.Attempts));
    }

    [Fact]
    public async Task A_redirect_is_not_followed()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Status(307, ("Location", "http://elsewhere.invalid/v1/chat/completions")));
        using var endpoint = Endpoint(server);
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal(EndpointFailure.Refused, error.Cause);
        Assert.Contains("elsewhere.invalid", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_endpoint_that_is_not_there_is_a_lost_connection()
    {
        Uri url;
        await using (var server = await FaultyEndpoint.Start(FaultyEndpoint.Hang))
            url = server.Url;
        using var endpoint = new ModelEndpoint(new() { BaseUrl = url, Model = "m", MaxRetries = 1 }, new FastClock());
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal((EndpointFailure.Connection, 2), (error.Cause, error.Attempts));
        Assert.Contains(url.ToString(), error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Retry-After", "37", 37)]
    [InlineData("Retry-After", "0.5", 0.5)]
    [InlineData("retry-after-ms", "1500", 1.5)]
    public async Task Retry_after_is_waited_for(string header, string value, double seconds)
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Status(429, (header, value)), FaultyEndpoint.Answer("yes"));
        var clock = new FastClock();
        using var endpoint = Endpoint(server, clock: clock);
        await endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel);
        Assert.Contains(TimeSpan.FromSeconds(seconds), clock.Waits);
    }

    [Fact]
    public async Task Retry_after_a_date_waits_until_then()
    {
        var clock = new FastClock();
        await using var server = await FaultyEndpoint.Start(
            context => FaultyEndpoint.Status(503, ("Retry-After", (clock.GetUtcNow() + TimeSpan.FromSeconds(50)).ToString("R", CultureInfo.InvariantCulture)))(context), FaultyEndpoint.Answer("yes"));
        using var endpoint = Endpoint(server, o => o with { MaxRetryAfter = TimeSpan.FromSeconds(60) }, clock);
        await endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel);
        // The date has whole seconds, and the fast clock goes on while the answer travels: far from any backoff, at most what was asked.
        Assert.Contains(clock.Waits, w => w > TimeSpan.FromSeconds(1) && w <= TimeSpan.FromSeconds(50));
    }

    [Fact]
    public async Task A_wait_longer_than_allowed_fails_at_once_and_says_so()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Status(429, ("Retry-After", "3600")));
        using var endpoint = Endpoint(server);
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal((EndpointFailure.RateLimited, 1), (error.Cause, error.Attempts));
        Assert.Contains("3600 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_Retry_after_waits_double_up_to_the_longest()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Status(500));
        var clock = new FastClock();
        using var endpoint = Endpoint(server, o => o with { FirstDelay = TimeSpan.FromSeconds(2), MaxDelay = TimeSpan.FromSeconds(9), MaxRetries = 4 }, clock);
        await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        var waits = clock.Waits.Where(w => w < TimeSpan.FromMinutes(1)).Select(w => w.TotalSeconds).ToArray();
        Assert.Equal(4, waits.Length);
        foreach (var (wait, bound) in waits.Zip([2.0, 4, 8, 9]))
            Assert.InRange(wait, bound / 2, bound);
    }

    [Fact]
    public async Task The_total_time_ends_a_call_between_tries()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Status(500));
        using var endpoint = Endpoint(server, o => o with
        {
            MaxRetries = 1000,
            FirstDelay = TimeSpan.FromSeconds(400),
            MaxDelay = TimeSpan.FromSeconds(400),
            AttemptTimeout = TimeSpan.FromSeconds(1000),
            TotalTimeout = TimeSpan.FromSeconds(1000),
        });
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal(EndpointFailure.TotalTimeout, error.Cause);
        Assert.Equal(1, endpoint.Statistics.Failures[EndpointFailure.TotalTimeout]);
    }

    [Fact]
    public async Task An_answer_larger_than_allowed_is_not_read()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Answer(new string('x', 5000)));
        using var endpoint = Endpoint(server, o => o with { MaxResponseBytes = 2000 });
        var error = await Assert.ThrowsAsync<EndpointException>(() => endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel));
        Assert.Equal((EndpointFailure.TooLarge, 1), (error.Cause, error.Attempts));
    }

    [Fact]
    public async Task A_caller_who_gives_up_is_counted_and_frees_the_slot()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Hang, FaultyEndpoint.Answer("next"));
        using var endpoint = Endpoint(server, o => o with { MaxConcurrency = 1 });
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var call = endpoint.Chat.GetResponseAsync("hello", cancellationToken: cancellation.Token);
        while (server.Bodies.IsEmpty)
            await Task.Delay(1, Cancel);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal("next", (await endpoint.Chat.GetResponseAsync("hello", cancellationToken: Cancel)).Text);
        Assert.Equal(1, endpoint.Statistics.Failures[EndpointFailure.Cancelled]);
    }

    [Fact]
    public async Task A_batch_keeps_every_outcome_with_its_cause()
    {
        await using var server = await FaultyEndpoint.Start(FaultyEndpoint.Answer("yes"));
        await using var bad = await FaultyEndpoint.Start(FaultyEndpoint.Status(400));
        using var good = Endpoint(server);
        using var refusing = Endpoint(bad);
        var outcomes = await EndpointBatch.MapAsync(Enumerable.Range(0, 20).ToArray(), (i, c) => (i % 4 == 0 ? refusing : good).Chat.GetResponseAsync("item", cancellationToken: c), 6, cancellation: Cancel);
        Assert.Equal(20, outcomes.Count);
        Assert.All(outcomes.Index(), o => Assert.Equal(o.Index % 4 == 0 ? EndpointFailure.Refused : null, o.Item.Failure));
        Assert.All(outcomes.Where(o => o.Succeeded), o => Assert.Equal("yes", o.Value!.Text));
        Assert.Equal((15, 5), (good.Statistics.Succeeded, refusing.Statistics.Failures[EndpointFailure.Refused]));
    }

    [Fact]
    public async Task A_batch_that_is_cancelled_says_which_items_were_not_done()
    {
        using var cancellation = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var outcomes = await EndpointBatch.MapAsync(
            Enumerable.Range(0, 10).ToArray(),
            async (i, c) =>
            {
                if (i == 3)
                    await cancellation.CancelAsync();
                c.ThrowIfCancellationRequested();
                return i;
            },
            1,
            cancellation: cancellation.Token);
        Assert.Equal([0, 1, 2], outcomes.Where(o => o.Succeeded).Select(o => o.Value));
        Assert.All(outcomes.Skip(3), o => Assert.Equal(EndpointFailure.Cancelled, o.Failure));
    }

    [Fact]
    public void Options_out_of_range_are_told_together()
    {
        var error = Assert.Throws<AlidadeException>(() => new ModelEndpoint(new() { BaseUrl = new("ftp://x"), Model = "", MaxRetries = -1, MaxConcurrency = 0, CostCeiling = 1 }));
        foreach (var part in (string[])["http://", "model's name", "-1", "concurrency is 0", "price"])
            Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    internal static ModelEndpoint Endpoint(FaultyEndpoint server, Func<EndpointOptions, EndpointOptions>? change = null, FastClock? clock = null)
    {
        // Hours of the fast clock are seconds: nothing but a test of timeouts runs into them.
        var options = new EndpointOptions { BaseUrl = server.Url, Model = "m", AttemptTimeout = TimeSpan.FromHours(10), TotalTimeout = TimeSpan.FromHours(20) };
        return new(change is null ? options : change(options), clock ?? new());
    }
}
