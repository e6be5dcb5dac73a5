using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.Engine;
using Alidade.Tests.Core;
using Alidade.Tests.Models;

namespace Alidade.Tests.Evaluation.Engine;

public sealed class ResponseStoreTests
{
    private static readonly Request[] Requests = [.. Enumerable.Range(0, 400).Select(i => new ContinuationRequest($"Town number {i} of the county is", " loud", $" calm and {i}"))];

    [Fact]
    public async Task A_run_that_is_killed_after_any_batch_comes_to_the_same_numbers_and_computes_no_batch_twice()
    {
        using var model = TinyChat.Create();
        using var folder = new TemporaryFolder();
        var whole = await Ask(new Counted(new(model, "m")), Requests, null, int.MaxValue);
        var batches = new LocalModel(model, "m").Plan(Requests).Count;
        Assert.True(batches > 2);
        for (var killedAfter = 1; killedAfter < batches; killedAfter++)
        {
            var path = Path.Combine(folder.Path, $"{killedAfter}.jsonl");
            var first = new Counted(new(model, "m"));
            using (var store = new ResponseStore(path))
                await Assert.ThrowsAsync<OperationCanceledException>(() => Ask(first, Requests, store, killedAfter));
            // A line that the kill tore is as if it had not been written.
            await File.AppendAllTextAsync(path, "{\"half", TestContext.Current.CancellationToken);
            var second = new Counted(new(model, "m"));
            using (var store = new ResponseStore(path))
                Assert.Equal(Scores(whole), Scores(await Ask(second, Requests, store, int.MaxValue)));
            Assert.Equal(batches, first.Batches + second.Batches);
        }
    }

    [Fact]
    public async Task Another_model_another_request_and_another_setting_have_other_answers()
    {
        using var chat = ScriptedChat.By(text => text.ToUpperInvariant());
        using var folder = new TemporaryFolder();
        using var store = new ResponseStore(Path.Combine(folder.Path, "answers.jsonl"));
        foreach (var (identity, request) in new (string, GenerationRequest)[]
        {
            ("a", new(Prompt.OfText("x"))),
            ("b", new(Prompt.OfText("x"))),
            ("a", new(Prompt.OfText("y"))),
            ("a", new(Prompt.OfText("x")) { Temperature = 1 }),
            ("a", new(Prompt.OfText("x")) { Temperature = 1, Seed = 2 }),
            ("a", new(Prompt.OfText("x")) { Stop = ["."] }),
            ("a", new(new Message("user", "x"))),
            ("a", new(Prompt.OfText("x"))),
        })
            await new EvaluationContext { Model = new ChatModel(chat, identity, identity, 2), Store = store }.AskAsync("test", [request, request]);
        Assert.Equal(7, chat.Asked.Count);
        Assert.Equal(7, store.Count);
    }

    [Fact]
    public async Task A_failure_is_told_by_its_cause_and_asked_again()
    {
        var fail = true;
        using var chat = ScriptedChat.By(text => fail && text == "b" ? "" : text);
        using var folder = new TemporaryFolder();
        using var store = new ResponseStore(Path.Combine(folder.Path, "answers.jsonl"));
        var context = new EvaluationContext { Model = new ChatModel(chat, "m", "m", 2), Store = store };
        Request[] requests = [new GenerationRequest(Prompt.OfText("a")), new GenerationRequest(Prompt.OfText("b"))];
        Assert.Equal("empty answer", Assert.IsType<Unanswered>((await context.AskAsync("test", requests)).Responses[1]).Reason);
        fail = false;
        Assert.Equal("b", Assert.IsType<GeneratedTexts>((await context.AskAsync("test", requests)).Responses[1]).First.Text);
        Assert.Equal(3, chat.Asked.Count);
    }

    [Fact]
    public async Task A_file_that_is_no_store_is_one_line()
    {
        using var folder = new TemporaryFolder();
        var path = Path.Combine(folder.Path, "x.jsonl");
        await File.WriteAllTextAsync(path, "{\"k\":{\"$type\":\"poem\"}}\n", TestContext.Current.CancellationToken);
        Assert.Contains("x.jsonl:1", Assert.Throws<AlidadeException>(() => new ResponseStore(path)).Message, StringComparison.Ordinal);
    }

    private static async Task<Answers> Ask(Counted model, IReadOnlyList<Request> requests, ResponseStore? store, int batches)
    {
        using var source = new CancellationTokenSource();
        model.After = () =>
        {
            if (model.Batches == batches)
                source.Cancel();
        };
        return await new EvaluationContext { Model = model, Store = store, Cancellation = source.Token }.AskAsync("test", requests);
    }

    private static string[] Scores(Answers answers) => [.. answers.Responses.Select(r => string.Join(' ', ((ContinuationScores)r).Scores.Select(s => s.LogProb.ToString("R"))))];

    private sealed class Counted(LocalModel inner) : IEvaluatedModel
    {
        public int Batches { get; private set; }

        public Action After { get; set; } = () => { };

        public string Name => inner.Name;

        public string Identity => inner.Identity;

        public bool GivesLogLikelihoods => true;

        public bool IsChat => true;

        public int Concurrency => 1;

        public IReadOnlyList<IReadOnlyList<int>> Plan(IReadOnlyList<Request> requests) => inner.Plan(requests);

        public async Task<IReadOnlyList<Response>> AnswerAsync(IReadOnlyList<Request> batch, CancellationToken cancellation)
        {
            var responses = await inner.AnswerAsync(batch, cancellation);
            Batches++;
            After();
            return responses;
        }
    }
}
