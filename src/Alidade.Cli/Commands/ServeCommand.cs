using System.CommandLine;
using System.Runtime.CompilerServices;
using Alidade.Cli.Terminal;
using Alidade.Models.Encoders;
using Alidade.Models.Endpoints.Server;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade serve</c>: a model behind OpenAI's protocol, until Ctrl-C.</summary>
internal static class ServeCommand
{
    public static Command Make()
    {
        var model = new ModelOptions();
        var host = new Option<string>("--host") { Description = "Address to listen at; 0.0.0.0 for every network of this machine", DefaultValueFactory = _ => "127.0.0.1" };
        var port = new Option<int>("--port") { Description = "Port; 0 for a free one", DefaultValueFactory = _ => 8080 };
        var name = new Option<string?>("--name") { Description = "Name under which the model is served; the last part of its path when left out" };
        var embedding = new Option<string?>("--embedding-model") { Description = "A sentence-transformers folder for /v1/embeddings" };
        var key = new Option<string?>("--api-key-env") { Description = "Name of the environment variable that holds the key which requests must bring" };
        var rows = new Option<int>("--max-batch") { Description = "Most answers that are decoded together", DefaultValueFactory = _ => 16 };
        var command = new Command("serve", "Serve a model in OpenAI's protocol: chat, completions, embeddings") { host, port, name, embedding, key, rows };
        model.AddTo(command);
        command.SetAction(parsed => Serve(parsed, model, parsed.GetValue(embedding), new()
        {
            Host = parsed.GetValue(host)!,
            Port = parsed.GetValue(port),
            ModelName = parsed.GetValue(name),
            KeyVariable = parsed.GetValue(key),
            Engine = new() { MostRows = parsed.GetValue(rows) },
            Log = Console.Error.WriteLine,
        }));
        return command;
    }

    // Apart, so that the help does not load the server's libraries.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static int Serve(ParseResult parsed, ModelOptions model, string? embeddingModel, ServerOptions options)
    {
        ModelServer.Check(options);
        using var interruption = new Interruption();
        using var loaded = model.LoadForInference(parsed);
        using var embeddings = embeddingModel is null ? null : SentenceEncoder.Load(embeddingModel, new() { Device = parsed.GetValue(model.Device)! });
        RunAsync(loaded, embeddings, options, interruption.Token).GetAwaiter().GetResult();
        return 0;
    }

    private static async Task RunAsync(LoadedModel loaded, SentenceEncoder? embeddings, ServerOptions options, CancellationToken stop)
    {
        await using var server = await ModelServer.StartAsync(loaded.Model, options, embeddings, stop);
        await Console.Out.WriteLineAsync($"serving {server.ModelName} at {server.Url} (Ctrl-C stops)");
        await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }
}
