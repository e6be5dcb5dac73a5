using Alidade.Core.Data;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Behaviour;
using Alidade.Evaluation.Engine;
using Alidade.Models.Endpoints;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Endpoints;

namespace Alidade.Tests.Evaluation.Engine;

public sealed class FaultyEndpointEvaluationTests
{
    // What each prompt meets at the endpoint, and the cause that its item is counted by; null where it is scored.
    private static readonly (string Prompt, string? Cause)[] Fates =
    [
        ("good one", null),
        ("good two", null),
        ("too many requests", "endpoint: rate limited"),
        ("broken server", "endpoint: server error"),
        ("silence", "endpoint: timeout"),
        ("garbage", "endpoint: invalid answer"),
        ("no choice", "endpoint: empty answer"),
        ("no text", "empty answer"),
        ("forbidden", "endpoint: refused"),
        ("long", null),
    ];

    [Fact]
    public async Task Failures_are_counted_by_cause_in_the_first_lines_and_the_rest_is_scored_and_only_what_failed_is_asked_again()
    {
        FaultyEndpoint? server = null;
        var well = false;
        await using var endpoint = server = await FaultyEndpoint.Start(context => (well ? FaultyEndpoint.Answer("Gladly.") : StepOf(server!.Bodies.Last()))(context));
        using var model = new ModelEndpoint(new()
        {
            BaseUrl = endpoint.Url,
            Model = "m",
            MaxRetries = 1,
            MaxConcurrency = 1,
            FirstDelay = TimeSpan.FromMilliseconds(1),
            MaxDelay = TimeSpan.FromMilliseconds(1),
            AttemptTimeout = TimeSpan.FromMilliseconds(300),
        });
        using var folder = new TemporaryFolder();
        var task = new Refusals { Items = [.. Fates.Select((f, i) => new RefusalItem($"i{i}", f.Prompt, "type", true, null))] };
        var path = Path.Combine(folder.Path, "run");

        IReadOnlyList<Measurement> first;
        using (var run = RunFolder.Create(path, new() { Command = "evaluate" }))
            first = (await new EvaluationRun(run, new() { Model = new ChatModel(model) }).DoAsync([new(task, null)], [], suite: true)).Measurements;
        var measurement = Assert.Single(first);
        Assert.Equal(Fates.Count(f => f.Cause is null), measurement.Count);
        Assert.Equal(Fates.Select(f => f.Cause).OfType<string>().Order(), measurement.Unscored.Keys.Order());
        Assert.Equal(1, measurement.Truncated);
        var told = Report(first).ToPlainText().Split('\n')[1];
        Assert.All(measurement.Unscored.Keys, cause => Assert.Contains("1 " + cause, told, StringComparison.Ordinal));

        // Another run over the same answers asks for what failed, and for nothing else.
        well = true;
        endpoint.Bodies.Clear();
        using var again = RunFolder.Create(Path.Combine(folder.Path, "again"), new() { Command = "evaluate" });
        using var store = new ResponseStore(Path.Combine(path, EvaluationRun.ResponsesFile));
        var second = (await new EvaluationRun(again, new() { Model = new ChatModel(model), Store = store }).DoAsync([new(task, null)], [], suite: true)).Measurements;
        Assert.Equal(Fates.Length, Assert.Single(second).Count);
        Assert.Equal(Fates.Count(f => f.Cause is not null), endpoint.Bodies.Count);
    }

    private static Func<Microsoft.AspNetCore.Http.HttpContext, Task> StepOf(string body) => Fates.First(f => body.Contains($"\"{f.Prompt}\"", StringComparison.Ordinal)).Prompt switch
    {
        "too many requests" => FaultyEndpoint.Status(429),
        "broken server" => FaultyEndpoint.Status(500),
        "silence" => FaultyEndpoint.Hang,
        "garbage" => FaultyEndpoint.Json("<html>hello</html>"),
        "no choice" => FaultyEndpoint.Json("""{"choices": []}"""),
        "no text" => FaultyEndpoint.Answer(""),
        "forbidden" => FaultyEndpoint.Status(403),
        "long" => FaultyEndpoint.Json("""{"choices": [{"index": 0, "message": {"role": "assistant", "content": "And then"}, "finish_reason": "length"}]}"""),
        _ => FaultyEndpoint.Answer("Gladly."),
    };

    private static EvaluationReport Report(IReadOnlyList<Measurement> measurements) => new()
    {
        Model = "m",
        Identity = "m",
        BlackBox = true,
        When = DateTimeOffset.UnixEpoch,
        Run = "run",
        Asked = "behaviour.refusal",
        Command = "alidade evaluate",
        Measurements = measurements,
        Cost = new(1, 1),
        Environment = RunEnvironment.Here(),
    };
}
