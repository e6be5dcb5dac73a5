using System.CommandLine;
using Alidade.Cli.Evaluate;
using Alidade.Core;

namespace Alidade.Cli.Commands;

/// <summary>The options that name an OpenAI-compatible endpoint, its limits and what it may cost.</summary>
internal sealed class EndpointOptionSet
{
    private readonly string name;
    private readonly Option<string?> key;
    private readonly Option<string?> model;
    private readonly Option<int> concurrency;
    private readonly Option<int?> requests;
    private readonly Option<int?> tokens;
    private readonly Option<decimal?> inputPrice;
    private readonly Option<decimal?> outputPrice;
    private readonly Option<decimal?> ceiling;

    public EndpointOptionSet(string name, string what)
    {
        this.name = name;
        Url = new($"--{name}") { Description = $"Address of an OpenAI-compatible server with {what}, such as http://127.0.0.1:8080/v1" };
        model = new($"--{name}-model") { Description = "The model's name there" };
        key = new($"--{name}-key-env") { Description = "Name of the environment variable that holds the key" };
        concurrency = new($"--{name}-concurrency") { Description = "Most calls under way at once", DefaultValueFactory = _ => 8 };
        requests = new($"--{name}-requests-per-minute") { Description = "Most requests a minute" };
        tokens = new($"--{name}-tokens-per-minute") { Description = "Most tokens a minute" };
        inputPrice = new($"--{name}-input-price") { Description = "Price of a million input tokens" };
        outputPrice = new($"--{name}-output-price") { Description = "Price of a million output tokens" };
        ceiling = new($"--{name}-cost-ceiling") { Description = "No call begins once this much was spent; needs both prices" };
    }

    public Option<string?> Url { get; }

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { Url, model, key, concurrency, requests, tokens, inputPrice, outputPrice, ceiling })
            command.Options.Add(option);
    }

    /// <summary>The endpoint that was asked for; null for none.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="local">The local model that was asked for in its place.</param>
    /// <exception cref="AlidadeException">It has no model's name, or a local model is asked for as well.</exception>
    public EndpointRequest? Request(ParseResult parsed, string? local)
    {
        if (parsed.GetValue(Url) is not { } url)
            return null;
        if (local is not null)
            throw new AlidadeException($"give --{name} or a local model, not both; the model's name at the endpoint goes into --{name}-model");
        return new()
        {
            Url = url,
            Model = parsed.GetValue(model) ?? throw new AlidadeException($"--{name} needs the model's name there: --{name}-model NAME"),
            KeyVariable = parsed.GetValue(key),
            Concurrency = parsed.GetValue(concurrency),
            RequestsPerMinute = parsed.GetValue(requests),
            TokensPerMinute = parsed.GetValue(tokens),
            InputPrice = parsed.GetValue(inputPrice),
            OutputPrice = parsed.GetValue(outputPrice),
            CostCeiling = parsed.GetValue(ceiling),
        };
    }
}
