using System.CommandLine;
using Alidade.Models.Generation;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that samples.</summary>
internal sealed class GenerationFlags
{
    private readonly Option<int> most = new("--max-new-tokens") { Description = "Most tokens to generate", DefaultValueFactory = _ => 256 };
    private readonly Option<double> temperature = new("--temperature") { Description = "0 takes the likeliest token", DefaultValueFactory = _ => 0 };
    private readonly Option<int> topK = new("--top-k") { Description = "Only the k likeliest tokens; 0 for all" };
    private readonly Option<double> topP = new("--top-p") { Description = "Only the likeliest tokens that reach this probability together", DefaultValueFactory = _ => 1 };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of the sampling" };
    private readonly Option<string[]> stop = new("--stop") { Description = "A text that ends the generation; may be given several times", AllowMultipleArgumentsPerToken = false };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { most, temperature, topK, topP, seed, stop })
            command.Options.Add(option);
    }

    public GenerationOptions Of(ParseResult parsed)
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = parsed.GetValue(most),
            Temperature = parsed.GetValue(temperature),
            TopK = parsed.GetValue(topK),
            TopP = parsed.GetValue(topP),
            Seed = parsed.GetValue(seed),
            Stop = parsed.GetValue(stop) ?? [],
        };
        options.Validate();
        return options;
    }
}
