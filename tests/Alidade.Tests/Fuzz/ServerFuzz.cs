using System.Net.Http.Headers;
using System.Text.Json;
using Alidade.Core;
using Alidade.Models.Chat;
using Alidade.Models.Endpoints.Server;
using Alidade.Tests.Models.Endpoints;

namespace Alidade.Tests.Fuzz;

/// <summary>Bodies of requests: every one through the readers, some of them over a socket to a server that must go on.</summary>
public sealed class ServerFuzz
{
    private const int MostChoices = 4;

    private static readonly JsonMutation Words = new(
        "model", "tiny", "messages", "role", "user", "assistant", "system", "developer", "tool", "content", "type", "text", "image_url", "prompt", "input", "max_tokens", "max_completion_tokens", "temperature", "top_p", "top_k", "min_p", "n", "best_of", "stream",
        "stream_options", "include_usage", "logprobs", "top_logprobs", "echo", "stop", "seed", "presence_penalty", "frequency_penalty", "repetition_penalty", "logit_bias", "user", "tools", "response_format", "json_object", "json_schema", "suffix", "dimensions",
        "encoding_format", "base64", "float", "5", "-1", "99999", "<|im_start|>");

    private static readonly (string Route, string Body)[] Seeds =
    [
        ("chat", """{"model":"tiny","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"hi"}]}],"max_tokens":4,"temperature":0.5,"top_p":0.9,"n":2,"stop":["x"],"seed":1,"logprobs":true,"top_logprobs":2,"logit_bias":{"5":1.5}}"""),
        ("chat", """{"model":"tiny","messages":[{"role":"user","content":"é"}],"max_completion_tokens":3,"stream":true,"stream_options":{"include_usage":true},"presence_penalty":0.1,"frequency_penalty":-0.1}"""),
        ("completions", """{"model":"tiny","prompt":"ab","max_tokens":3,"temperature":0,"echo":true,"logprobs":2,"stop":"y","n":1,"best_of":1}"""),
        ("completions", """{"prompt":[[5,6],[7]],"max_tokens":0,"echo":true,"logprobs":0,"stream":false}"""),
        ("embeddings", """{"model":"m","input":["a","b"],"dimensions":8,"encoding_format":"base64","user":"u"}"""),
    ];

    [Fact]
    public void A_mutated_body_is_read_or_refused_in_one_line()
    {
        using var model = Models.TinyChat.Create();
        FuzzRun.Inputs("server-body", Input, input =>
        {
            var (route, body) = Parts(input);
            try
            {
                if (route == "chat")
                    ChatEncoder.Prompt(model, RequestReader.Read(body, b => ChatRequest.Read(b, MostChoices)).Messages);
                else if (route == "completions")
                    RequestReader.Read(body, b => CompletionRequest.Read(b, model.Tokenizer, MostChoices));
                else
                    RequestReader.Read(body, EmbeddingRequest.Read);
            }
            catch (ApiException exception)
            {
                Assert.InRange(exception.Status, 400, 499);
                throw Refused(exception.Message);
            }
        });
    }

    // A tenth of the inputs, for each makes the model write.
    [Fact]
    public async Task A_server_answers_every_tenth_body_and_goes_on()
    {
        await using var running = await RunningServer.Start(o => o with { MaxChoices = MostChoices, DefaultMaxTokens = 8 });
        FuzzRun.Inputs("server", Input, input =>
        {
            var (route, body) = Parts(input);
            // Decided by the content, so that an input run again alone takes the same way.
            if (body.Length % 10 != 0)
                throw new AlidadeException("left out");
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, route == "chat" ? "chat/completions" : route) { Content = content };
            using var response = running.Http.Send(request);
            using var reader = new StreamReader(response.Content.ReadAsStream());
            var answer = reader.ReadToEnd();
            if (response.IsSuccessStatusCode)
                return;
            Assert.InRange((int)response.StatusCode, 400, 499);
            using var error = JsonDocument.Parse(answer);
            throw Refused(error.RootElement.GetProperty("error").GetProperty("message").GetString()!);
        });
        using var health = await running.Http.GetAsync("/health", TestContext.Current.CancellationToken);
        Assert.True(health.IsSuccessStatusCode);
    }

    // Looked at as it was told: the exception for the run would bring any text into one line.
    private static AlidadeException Refused(string message)
    {
        Assert.True(FuzzRun.IsOneLine(message), $"not one line, or too long: {message}");
        return new(message);
    }

    private static FuzzInput Input(Random random)
    {
        var (route, body) = random.One(Seeds);
        return new(("route", route.Utf8()), ("body.json", random.Chance(0.1) ? Mutation.Bytes(random, body.Utf8()) : Words.Of(random, body)));
    }

    private static (string Route, byte[] Body) Parts(FuzzInput input) => (input.Text("route"), input["body.json"]);
}
