using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Models.Chat;
using Alidade.Models.Endpoints.Server;
using Alidade.Models.Generation;
using Microsoft.Extensions.AI;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Endpoints;

/// <summary>The server's answers are the model's own, and what it cannot do it says.</summary>
public sealed class ModelServerTests
{
    private const string Chat = "chat/completions";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_chat_is_answered_as_the_model_answers_it()
    {
        await using var running = await RunningServer.Start();
        var (status, answer) = await running.Post(Chat, """{"model": "tiny", "messages": [{"role": "system", "content": "be brief"}, {"role": "user", "content": "hello"}], "temperature": 0, "max_tokens": 12}""");
        Assert.Equal(HttpStatusCode.OK, status);
        var prompt = ChatEncoder.Prompt(running.Model, [new("system", "be brief"), new("user", "hello")]);
        var expected = TextGenerator.Generate(running.Model, [prompt], new() { MaxNewTokens = 12 }, cancellation: Cancel)[0];
        Assert.Equal("chat.completion", (string?)answer["object"]);
        Assert.Equal("tiny", (string?)answer["model"]);
        var choice = Assert.Single(answer["choices"]!.AsArray())!;
        Assert.Equal(("assistant", expected.Text), ((string?)choice["message"]!["role"], (string?)choice["message"]!["content"]));
        Assert.Equal(expected.Truncated ? "length" : "stop", (string?)choice["finish_reason"]);
        Assert.Equal((prompt.Length, expected.Ids.Count, prompt.Length + expected.Ids.Count), Usage(answer));
    }

    [Fact]
    public async Task A_stream_is_the_same_text_in_pieces_with_usage_at_its_end()
    {
        await using var running = await RunningServer.Start();
        const string Request = """{"messages": [{"role": "user", "content": "hello"}], "seed": 5, "max_completion_tokens": 20, "logprobs": true, "top_logprobs": 2""";
        var (_, whole) = await running.Post(Chat, Request + "}");
        var events = await running.Stream(Chat, Request + """, "stream": true, "stream_options": {"include_usage": true}}""", Cancel);
        Assert.Equal("assistant", (string?)events[0]["choices"]![0]!["delta"]!["role"]);
        Assert.All(events, e => Assert.Equal("chat.completion.chunk", (string?)e["object"]));
        var choice = whole["choices"]![0]!;
        Assert.Equal((string?)choice["message"]!["content"], string.Concat(events[..^1].Select(e => (string?)e["choices"]![0]!["delta"]!["content"])));
        Assert.Equal((string?)choice["finish_reason"], (string?)events[^2]["choices"]![0]!["finish_reason"]);
        Assert.Equal(Usage(whole), Usage(events[^1]));
        Assert.Empty(events[^1]["choices"]!.AsArray());
        // The second request finds the prompt's keys and values kept from the first: the same numbers but for rounding.
        var told = choice["logprobs"]!["content"]!.AsArray();
        var streamed = events.SelectMany(e => e["choices"]!.AsArray()).SelectMany(c => c!["logprobs"]?["content"]?.AsArray() ?? []).ToArray();
        Assert.Equal(told.Select(t => (string?)t!["token"]), streamed.Select(t => (string?)t!["token"]));
        Close([.. told.Select(t => (double)t!["logprob"]!)], streamed.Select(t => (double)t!["logprob"]!));
        Assert.All(streamed, t => Assert.Equal(2, t!["top_logprobs"]!.AsArray().Count));
    }

    [Fact]
    public async Task Log_probabilities_of_an_answer_are_those_of_a_forward_pass()
    {
        await using var running = await RunningServer.Start();
        var (_, answer) = await running.Post(Chat, """{"messages": [{"role": "user", "content": "hello"}], "seed": 3, "max_tokens": 16, "logit_bias": {"0": -100}, "logprobs": true, "top_logprobs": 3}""");
        var tokens = answer["choices"]![0]!["logprobs"]!["content"]!.AsArray();
        Assert.Equal(16, tokens.Count);
        // Tokens of this model are bytes, two behind their value.
        int[] ids = [.. tokens.Select(t => (int)Assert.Single(t!["bytes"]!.AsArray())! + 2)];
        var prompt = ChatEncoder.Prompt(running.Model, [new("user", "hello")]);
        Close(LogProbs(running.Model, prompt, ids), tokens.Select(t => (double)t!["logprob"]!));
        Assert.All(tokens, t => Assert.Equal(3, t!["top_logprobs"]!.AsArray().Count));
        Assert.All(tokens, t => Assert.True((double)t!["top_logprobs"]![0]!["logprob"]! >= (double)t["logprob"]! - 1e-6));
    }

    [Theory]
    [InlineData("\"the cat sat\"")]
    [InlineData("[118, 106, 103, 34, 101]")]
    public async Task Echo_scores_a_prompt_as_the_model_does(string prompt)
    {
        await using var running = await RunningServer.Start();
        var (status, answer) = await running.Post("completions", $$"""{"prompt": {{prompt}}, "max_tokens": 0, "echo": true, "logprobs": 2}""");
        Assert.Equal(HttpStatusCode.OK, status);
        int[] ids = prompt[0] == '"' ? running.Model.Tokenizer.Encode("the cat sat") : [118, 106, 103, 34, 101];
        var choice = answer["choices"]![0]!;
        Assert.Equal(running.Model.Tokenizer.Decode(ids), (string?)choice["text"]);
        var logProbs = choice["logprobs"]!;
        Assert.Equal(ids.Select(running.Model.Tokenizer.TokenText), logProbs["tokens"]!.AsArray().Select(t => (string?)t));
        Assert.Null(logProbs["token_logprobs"]![0]);
        Close(LogProbs(running.Model, ids[..1], ids[1..]), logProbs["token_logprobs"]!.AsArray().Skip(1).Select(p => (double)p!));
        Assert.Equal(Enumerable.Range(0, ids.Length), logProbs["text_offset"]!.AsArray().Select(o => (int)o!));
        Assert.All(logProbs["top_logprobs"]!.AsArray().Skip(1), t => Assert.Equal(2, t!.AsObject().Count));
        Assert.Equal((ids.Length, 0, ids.Length), Usage(answer));
    }

    [Fact]
    public async Task Echo_of_a_continued_text_scores_prompt_and_answer_together_streamed_or_whole()
    {
        await using var running = await RunningServer.Start();
        const string Request = """{"prompt": "ab", "max_tokens": 6, "echo": true, "logprobs": 0, "temperature": 0, "logit_bias": {"0": -100}""";
        var (_, whole) = await running.Post("completions", Request + "}");
        var choice = whole["choices"]![0]!;
        Assert.StartsWith("ab", (string?)choice["text"], StringComparison.Ordinal);
        var offsets = choice["logprobs"]!["text_offset"]!.AsArray().Select(o => (int)o!).ToArray();
        Assert.Equal(8, offsets.Length);
        Assert.Equal(offsets.Order(), offsets);
        Assert.Null(choice["logprobs"]!["top_logprobs"]);
        var events = await running.Stream("completions", Request + """, "stream": true}""", Cancel);
        Assert.Equal((string?)choice["text"], string.Concat(events.Select(e => (string?)e["choices"]![0]!["text"])));
        Assert.Equal(offsets, events.SelectMany(e => e["choices"]![0]!["logprobs"]?["text_offset"]?.AsArray() ?? []).Select(o => (int)o!));
    }

    [Fact]
    public async Task Several_prompts_and_several_answers_keep_their_places()
    {
        await using var running = await RunningServer.Start();
        var (_, answer) = await running.Post("completions", """{"prompt": ["ab", "cd"], "n": 2, "seed": 9, "max_tokens": 8, "echo": true}""");
        var choices = answer["choices"]!.AsArray();
        Assert.Equal([0, 1, 2, 3], choices.Select(c => (int)c!["index"]!));
        Assert.Equal(["ab", "ab", "cd", "cd"], choices.Select(c => ((string?)c!["text"])![..2]));
        var (_, alone) = await running.Post("completions", """{"prompt": "ab", "seed": 9, "max_tokens": 8, "echo": true}""");
        Assert.Equal((string?)alone["choices"]![0]!["text"], (string?)choices[0]!["text"]);
        Assert.NotEqual((string?)choices[0]!["text"], (string?)choices[1]!["text"]);
    }

    [Fact]
    public async Task A_stop_text_ends_an_answer_and_is_cut()
    {
        await using var running = await RunningServer.Start();
        const string Request = """{"prompt": "x", "seed": 4, "max_tokens": 60, "logit_bias": {"0": -100}""";
        var (_, free) = await running.Post("completions", Request + "}");
        var text = (string)free["choices"]![0]!["text"]!;
        var stop = text[10..12];
        var (_, stopped) = await running.Post("completions", $$"""{{Request}}, "stop": [{{System.Text.Json.JsonSerializer.Serialize(stop)}}]}""");
        Assert.Equal(text[..text.IndexOf(stop, StringComparison.Ordinal)], (string?)stopped["choices"]![0]!["text"]);
        Assert.Equal("stop", (string?)stopped["choices"]![0]!["finish_reason"]);
    }

    [Theory]
    [InlineData("""{"type": "json_object"}""")]
    [InlineData("""{"type": "json_schema", "json_schema": {"name": "verdict", "strict": true, "schema": {"type": "object", "properties": {"safe": {"type": "boolean"}, "score": {"enum": [1, 2, 3]}}, "required": ["safe", "score"], "additionalProperties": false}}}""")]
    public async Task An_answer_that_must_be_JSON_is_JSON_of_the_schema(string format)
    {
        await using var running = await RunningServer.Start();
        var (status, answer) = await running.Post(Chat, $$"""{"messages": [{"role": "user", "content": "judge"}], "max_tokens": 60, "seed": 2, "response_format": {{format}}}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal("stop", (string?)answer["choices"]![0]!["finish_reason"]);
        var written = Assert.IsType<JsonObject>(JsonNode.Parse((string)answer["choices"]![0]!["message"]!["content"]!));
        if (format.Contains("verdict", StringComparison.Ordinal))
        {
            Assert.Equal(["safe", "score"], written.Select(p => p.Key));
            Assert.InRange((int)written["score"]!, 1, 3);
        }
    }

    [Fact]
    public async Task A_control_token_spelled_in_a_message_is_text()
    {
        await using var running = await RunningServer.Start();
        var (_, plain) = await running.Post(Chat, """{"messages": [{"role": "user", "content": "a"}], "max_tokens": 1}""");
        var (_, spelled) = await running.Post(Chat, """{"messages": [{"role": "user", "content": "a<|im_end|>"}], "max_tokens": 1}""");
        // Ten bytes and not one token.
        Assert.Equal(10, Usage(spelled).Prompt - Usage(plain).Prompt);
    }

    // Each row: route, body, status, and what the message must say.
    [Theory]
    [InlineData(Chat, "{", 400, "line 1, column 2")]
    [InlineData(Chat, "", 400, "not JSON")]
    [InlineData(Chat, "hello", 400, "line 1, column 1")]
    [InlineData(Chat, "[]", 400, "the body is a list")]
    [InlineData(Chat, "{\"messages\": [], \"messages\": []}", 400, "uplicate")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "\ud800"}]}""", 400, "not valid Unicode")]
    [InlineData(Chat, """{"model": "tiny"}""", 400, "'messages' is missing")]
    [InlineData(Chat, """{"messages": "hello"}""", 400, "'messages' is a text, it must be a list")]
    [InlineData(Chat, """{"messages": []}""", 400, "'messages' is empty")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": 5}]}""", 400, "'messages[0].content' is the number 5")]
    [InlineData(Chat, """{"messages": [{"role": "owner", "content": "x"}]}""", 400, "'messages[0].role' is 'owner'")]
    [InlineData(Chat, """{"messages": [{"role": "user"}]}""", 400, "'messages[0].content' is missing")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]}""", 400, "'messages[0].content[0].type' is 'image_url'")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "temperature": "hot"}""", 400, "'temperature' is a text, it must be a number")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "temperature": -1}""", 400, "'temperature' is -1")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "top_p": 1.5}""", 400, "'top_p' is 1.5")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "max_tokens": 1.5}""", 400, "'max_tokens' is the number 1.5, it must be a whole number")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "max_tokens": 100000}""", 400, "context holds 512 tokens")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "n": 0}""", 400, "'n' is 0")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "tools": []}""", 400, "'tools' is not supported")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "temprature": 1}""", 400, "did you mean 'temperature'?")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x", "name": "Bo"}]}""", 400, "'messages[0].name' is not supported")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "top_logprobs": 2}""", 400, "needs 'logprobs'")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "logprobs": true, "top_logprobs": 21}""", 400, "from 0 to 20")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "stream": "yes"}""", 400, "'stream' is a text, it must be true or false")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "stream_options": {}}""", 400, "is for streams")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "stop": [""]}""", 400, "empty text")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "stop": [1]}""", 400, "'stop[0]' is the number 1")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "logit_bias": {"cat": 1}}""", 400, "'cat'")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "logit_bias": {"99999": 1}}""", 400, "99999")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "seed": 1e99}""", 400, "'seed'")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "xml"}}""", 400, "'response_format.type' is 'xml'")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_schema"}}""", 400, "'response_format.json_schema' is missing")]
    [InlineData(Chat, """{"messages": [{"role": "user", "content": "x"}], "response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "cat"}}}}""", 400, "'response_format.json_schema.schema'")]
    [InlineData(Chat, """{"model": "gpt-9", "messages": [{"role": "user", "content": "x"}]}""", 404, "no model 'gpt-9'")]
    [InlineData("completions", """{"model": "tiny"}""", 400, "'prompt' is missing")]
    [InlineData("completions", """{"prompt": {}}""", 400, "'prompt' is an object")]
    [InlineData("completions", """{"prompt": []}""", 400, "'prompt' is empty")]
    [InlineData("completions", """{"prompt": [1, "a"]}""", 400, "'prompt[1]' is a text")]
    [InlineData("completions", """{"prompt": [99999]}""", 400, "'prompt[0]' is 99999")]
    [InlineData("completions", """{"prompt": "x", "max_tokens": 0}""", 400, "with 'echo'")]
    [InlineData("completions", """{"prompt": "x", "suffix": "y"}""", 400, "'suffix' is not supported")]
    [InlineData("completions", """{"prompt": "x", "best_of": 3}""", 400, "'best_of'")]
    [InlineData("completions", """{"prompt": ["x", "y"], "n": 100}""", 400, "128 answers")]
    [InlineData("embeddings", """{"input": "x"}""", 404, "--embedding-model")]
    public async Task Bad_input_is_told_with_its_place(string route, string body, int status, string says)
    {
        await using var running = await RunningServer.Start();
        var (code, answer) = await running.Post(route, body);
        Assert.Equal(status, (int)code);
        Assert.Contains(says, (string?)answer["error"]!["message"], StringComparison.Ordinal);
        Assert.DoesNotContain('\n', (string)answer["error"]!["message"]!);
        Assert.Equal(["message", "type", "param", "code"], answer["error"]!.AsObject().Select(p => p.Key));
    }

    [Fact]
    public async Task A_prompt_that_fills_the_context_is_refused_and_one_that_just_fits_is_not()
    {
        await using var running = await RunningServer.Start();
        var (full, answer) = await running.Post("completions", $$"""{"prompt": "{{new string('x', 512)}}", "max_tokens": 1}""");
        Assert.Equal((HttpStatusCode.BadRequest, "context_length_exceeded"), (full, (string?)answer["error"]!["code"]));
        Assert.Equal(HttpStatusCode.OK, (await running.Post("completions", $$"""{"prompt": "{{new string('x', 511)}}", "max_tokens": 1}""")).Status);
        Assert.Equal(HttpStatusCode.OK, (await running.Post("completions", $$"""{"prompt": "{{new string('x', 512)}}", "max_tokens": 0, "echo": true, "logprobs": 0}""")).Status);
    }

    [Fact]
    public async Task A_deep_body_and_a_large_one_are_refused()
    {
        await using var running = await RunningServer.Start(o => o with { MaxBodyBytes = 10_000 });
        var (deep, answer) = await running.Post(Chat, new string('[', 1000) + new string(']', 1000));
        Assert.Equal(HttpStatusCode.BadRequest, deep);
        Assert.Contains("depth", (string?)answer["error"]!["message"], StringComparison.Ordinal);
        var (large, error) = await running.Post(Chat, $$"""{"messages": [{"role": "user", "content": "{{new string('x', 20_000)}}"}]}""");
        Assert.Equal((HttpStatusCode.RequestEntityTooLarge, "body_too_large"), (large, (string?)error["error"]!["code"]));
    }

    [Fact]
    public async Task Models_and_health_are_told_and_other_addresses_and_methods_are_errors()
    {
        await using var running = await RunningServer.Start();
        var models = JsonNode.Parse(await running.Http.GetStringAsync("models", Cancel))!;
        Assert.Equal("tiny", (string?)Assert.Single(models["data"]!.AsArray())!["id"]);
        Assert.Equal("tiny", (string?)JsonNode.Parse(await running.Http.GetStringAsync("models/tiny", Cancel))!["id"]);
        Assert.Equal("ok", (string?)JsonNode.Parse(await running.Http.GetStringAsync("/health", Cancel))!["status"]);
        foreach (var (address, status) in new[] { ("models/none", 404), ("nothing", 404), (Chat, 405) })
        {
            using var response = await running.Http.GetAsync(address, Cancel);
            Assert.Equal(status, (int)response.StatusCode);
            Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync(Cancel))!["error"]!["message"]);
        }
    }

    [Fact]
    public async Task A_body_of_another_type_and_a_request_for_another_host_are_refused()
    {
        await using var running = await RunningServer.Start();
        using var form = new StringContent("{}", Encoding.UTF8, "text/plain");
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, (await running.Http.PostAsync(Chat, form, Cancel)).StatusCode);
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "models") { Headers = { Host = "evil.example" } };
        Assert.Equal(HttpStatusCode.Forbidden, (await running.Http.SendAsync(rebound, Cancel)).StatusCode);
    }

    [Fact]
    public async Task With_a_key_only_those_who_bring_it_are_served_and_it_stands_in_no_log()
    {
        Environment.SetEnvironmentVariable("ALIDADE_TEST_SERVER_KEY", "open-sesame");
        await using var running = await RunningServer.Start(o => o with { KeyVariable = "ALIDADE_TEST_SERVER_KEY" });
        Environment.SetEnvironmentVariable("ALIDADE_TEST_SERVER_KEY", null);
        Assert.Equal(HttpStatusCode.Unauthorized, (await running.Http.GetAsync("models", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await running.Http.GetAsync("/health", Cancel)).StatusCode);
        running.Http.DefaultRequestHeaders.Authorization = new("Bearer", "open-sesam");
        Assert.Equal(HttpStatusCode.Unauthorized, (await running.Http.GetAsync("models", Cancel)).StatusCode);
        running.Http.DefaultRequestHeaders.Authorization = new("Bearer", "open-sesame");
        Assert.Equal(HttpStatusCode.OK, (await running.Http.GetAsync("models", Cancel)).StatusCode);
        Assert.DoesNotContain("sesam", string.Join('\n', running.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_log_has_a_line_a_request_with_numbers_and_no_text()
    {
        await using var running = await RunningServer.Start();
        await running.Post(Chat, """{"messages": [{"role": "user", "content": "confidential"}], "max_tokens": 3, "logit_bias": {"0": -100}}""");
        using (await running.Http.GetAsync("confidential%0Aline", Cancel))
        {
        }

        Assert.Equal(2, running.Log.Count);
        Assert.Contains("POST /v1/chat/completions 200", running.Log[0], StringComparison.Ordinal);
        Assert.Contains("3 out", running.Log[0], StringComparison.Ordinal);
        Assert.DoesNotContain("confidential", string.Join(' ', running.Log), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Embeddings_come_as_numbers_or_base64_and_texts_that_would_be_cut_are_refused()
    {
        using var generator = new LengthEmbeddings();
        await using var running = await RunningServer.Start(embeddings: generator);
        var (status, answer) = await running.Post("embeddings", """{"model": "lengths", "input": ["a", "bbb"]}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.Equal([[1f, 0.5f], [3f, 0.5f]], answer["data"]!.AsArray().Select(d => d!["embedding"]!.AsArray().Select(v => (float)v!).ToArray()));
        var (_, packed) = await running.Post("embeddings", """{"input": "bbb", "encoding_format": "base64"}""");
        Assert.Equal(3f, BitConverter.ToSingle(Convert.FromBase64String((string)packed["data"]![0]!["embedding"]!)));
        var (cut, error) = await running.Post("embeddings", $$"""{"input": "{{new string('x', 50)}}"}""");
        Assert.Equal((HttpStatusCode.BadRequest, "context_length_exceeded"), (cut, (string?)error["error"]!["code"]));
        Assert.Equal(HttpStatusCode.BadRequest, (await running.Post("embeddings", """{"input": [[1, 2]]}""")).Status);
        var models = JsonNode.Parse(await running.Http.GetStringAsync("models", Cancel))!;
        Assert.Equal(["tiny", "lengths"], models["data"]!.AsArray().Select(m => (string?)m!["id"]));
    }

    [Fact]
    public async Task A_port_in_use_is_one_clear_line()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        using var model = TinyChat.Create();
        var error = await Assert.ThrowsAsync<AlidadeException>(() => ModelServer.StartAsync(model, new() { Port = port }, cancellation: Cancel));
        Assert.Contains($"port {port} on 127.0.0.1 is in use", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_is_none_is_one_clear_line()
    {
        using var model = TinyChat.Create();
        Assert.Contains("'nowhere'", (await Assert.ThrowsAsync<AlidadeException>(() => ModelServer.StartAsync(model, new() { Host = "nowhere" }, cancellation: Cancel))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_full_queue_is_429_with_a_time_to_try_again()
    {
        await using var running = await RunningServer.Start(o => o with { MaxRequests = 1 });
        var slow = running.Stream("completions", """{"prompt": "x", "max_tokens": 400, "stream": true, "logit_bias": {"0": -100}}""", Cancel);
        while (running.Server.Statistics.Running == 0)
            await Task.Delay(1, Cancel);
        using var content = new StringContent("""{"prompt": "x"}""", Encoding.UTF8, "application/json");
        using var refused = await running.Http.PostAsync("completions", content, Cancel);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.NotNull(refused.Headers.RetryAfter);
        await slow;
        // The place is free a moment after the last byte is out.
        while ((await running.Post("completions", """{"prompt": "x", "max_tokens": 1}""")).Status is var status && status != HttpStatusCode.OK)
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, status);
            await Task.Delay(5, Cancel);
        }
    }

    private static (int Prompt, int Completion, int Total) Usage(JsonNode answer) =>
        ((int)answer["usage"]!["prompt_tokens"]!, (int)answer["usage"]!["completion_tokens"]!, (int)answer["usage"]!["total_tokens"]!);

    private static double[] LogProbs(CausalLM model, IReadOnlyList<int> prefix, IReadOnlyList<int> ids)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return [.. model.LogProbs(BranchedBatch.Of([(prefix, [ids])])).data<float>().ToArray().Select(p => (double)p)];
    }

    private static void Close(double[] expected, IEnumerable<double> actual)
    {
        var got = actual.ToArray();
        Assert.Equal(expected.Length, got.Length);
        Assert.All(expected.Zip(got), p => Assert.Equal(p.First, p.Second, 1e-5));
    }

    // The length of a text and a constant; texts above twenty characters count as cut.
    [Fact]
    public async Task Without_a_limit_an_answer_is_as_long_as_the_engine_has_room_for()
    {
        await using var running = await RunningServer.Start(o => o with { Engine = new() { MostCacheTokens = 40 }, DefaultMaxTokens = 100 });
        var (status, answer) = await running.Post(Chat, """{"messages": [{"role": "user", "content": "hello"}], "logit_bias": {"0": -100, "1": -100, "2": -100}}""");
        Assert.Equal(HttpStatusCode.OK, status);
        Assert.InRange(Usage(answer).Item3, 2, 40);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_the_work_on_its_texts()
    {
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        using var generator = new OtherEmbeddings(_ => leaving.Cancel());
        await using var running = await RunningServer.Start(embeddings: generator);
        using var content = new StringContent(new JsonObject { ["input"] = new JsonArray([.. Enumerable.Repeat("x", 2000).Select(t => (JsonNode)t)]) }.ToJsonString(), Encoding.UTF8, "application/json");
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running.Http.PostAsync("embeddings", content, leaving.Token));
        while (!running.Log.Exists(line => line.Contains("the client left", StringComparison.Ordinal)))
            await Task.Delay(5, Cancel);
        Assert.InRange(generator.Texts, 1, 1000);
    }

    [Fact]
    public async Task Tensor_work_that_fails_is_the_servers_fault()
    {
        using var generator = new OtherEmbeddings(_ => throw new Alidade.Models.Native.TensorException("forward failed: not enough memory"));
        await using var running = await RunningServer.Start(embeddings: generator);
        var (status, error) = await running.Post("embeddings", """{"input": "x"}""");
        Assert.Equal((HttpStatusCode.InternalServerError, "internal_error"), (status, (string?)error["error"]!["code"]));
        Assert.Contains("failed: TensorException", Assert.Single(running.Log), StringComparison.Ordinal);
    }

    private sealed class OtherEmbeddings(Action<int> work) : IEmbeddingGenerator<string, Embedding<float>>
    {
        public int Texts { get; private set; }

        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            Texts += values.Count();
            work(Texts);
            Thread.Sleep(20);
            return Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(values.Select(_ => new Embedding<float>(new float[1]))));
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => null;

        public void Dispose()
        {
        }
    }

    private sealed class LengthEmbeddings : IEmbeddingGenerator<string, Embedding<float>>
    {
        public Task<GeneratedEmbeddings<Embedding<float>>> GenerateAsync(IEnumerable<string> values, EmbeddingGenerationOptions? options = null, CancellationToken cancellationToken = default)
        {
            string[] texts = [.. values];
            return Task.FromResult(new GeneratedEmbeddings<Embedding<float>>(texts.Select(t => new Embedding<float>(new float[] { t.Length, 0.5f })))
            {
                Usage = new() { InputTokenCount = texts.Sum(t => t.Length) },
                AdditionalProperties = new() { ["truncated_texts"] = texts.Count(t => t.Length > 20) },
            });
        }

        public object? GetService(Type serviceType, object? serviceKey = null) => serviceType == typeof(EmbeddingGeneratorMetadata) ? new EmbeddingGeneratorMetadata("test", defaultModelId: "some/lengths") : null;

        public void Dispose()
        {
        }
    }
}
