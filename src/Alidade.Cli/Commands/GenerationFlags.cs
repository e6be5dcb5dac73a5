using System.CommandLine;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Generation;
using Alidade.Models.Generation.Constraints;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that samples.</summary>
internal sealed class GenerationFlags
{
    private readonly Option<int> most = new("--max-new-tokens") { Description = "Most tokens to generate", DefaultValueFactory = _ => 256 };
    private readonly Option<int> least = new("--min-new-tokens") { Description = "Fewest tokens before the text may end" };
    private readonly Option<double> temperature = new("--temperature") { Description = "0 takes the likeliest token", DefaultValueFactory = _ => 0 };
    private readonly Option<int> topK = new("--top-k") { Description = "Only the k likeliest tokens; 0 for all" };
    private readonly Option<double> topP = new("--top-p") { Description = "Only the likeliest tokens that reach this probability together", DefaultValueFactory = _ => 1 };
    private readonly Option<double> minP = new("--min-p") { Description = "Only tokens of at least this share of the likeliest one's probability" };
    private readonly Option<double> typicalP = new("--typical-p") { Description = "Only the tokens of most typical surprise that reach this probability together", DefaultValueFactory = _ => 1 };
    private readonly Option<double> repetition = new("--repetition-penalty") { Description = "Above 1, tokens of prompt and answer become less likely", DefaultValueFactory = _ => 1 };
    private readonly Option<double> frequency = new("--frequency-penalty") { Description = "Taken from a token's score for each time that it was generated" };
    private readonly Option<double> presence = new("--presence-penalty") { Description = "Taken once from the score of what was generated" };
    private readonly Option<int> ngram = new("--no-repeat-ngram") { Description = "No so many tokens in a row come twice; 0 for no such rule" };
    private readonly Option<ulong> seed = new("--seed") { Description = "Seed of the sampling" };
    private readonly Option<string[]> stop = new("--stop") { Description = "A text that ends the generation; may be given several times", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string[]> choice = new("--choice") { Description = "The answer is one of these texts; given once for each", AllowMultipleArgumentsPerToken = false };
    private readonly Option<string?> schema = new("--json-schema") { Description = "The answer is JSON of the schema in this file" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { most, least, temperature, topK, topP, minP, typicalP, repetition, frequency, presence, ngram, seed, stop, choice, schema })
            command.Options.Add(option);
    }

    public GenerationOptions Of(ParseResult parsed)
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = parsed.GetValue(most),
            MinNewTokens = parsed.GetValue(least),
            Temperature = parsed.GetValue(temperature),
            TopK = parsed.GetValue(topK),
            TopP = parsed.GetValue(topP),
            MinP = parsed.GetValue(minP),
            TypicalP = parsed.GetValue(typicalP),
            RepetitionPenalty = parsed.GetValue(repetition),
            FrequencyPenalty = parsed.GetValue(frequency),
            PresencePenalty = parsed.GetValue(presence),
            NoRepeatNgramSize = parsed.GetValue(ngram),
            Seed = parsed.GetValue(seed),
            Stop = parsed.GetValue(stop) ?? [],
            Constraint = Constraint(parsed.GetValue(choice) ?? [], parsed.GetValue(schema)),
        };
        options.Validate();
        if (options.Temperature == 0 && options.FiltersInUse().Select(f => $"--{f}").ToArray() is { Length: > 0 } idle)
            throw new AlidadeException($"{string.Join(", ", idle)}: at temperature 0 the likeliest token is always taken, so nothing is filtered; give --temperature too, or leave it out");
        return options;
    }

    private static OutputConstraint? Constraint(string[] choices, string? schemaFile)
    {
        if (choices.Length > 0 && schemaFile is not null)
            throw new AlidadeException("--choice and --json-schema exclude each other; a schema with an enum says both");
        if (schemaFile is null)
            return choices.Length > 0 ? OutputConstraint.Choice(choices) : null;
        try
        {
            using var reader = new StreamReader(InputFile.Open(schemaFile));
            return OutputConstraint.JsonSchema(reader.ReadToEnd());
        }
        catch (NotBuiltException exception)
        {
            throw new NotBuiltException($"{schemaFile}: {exception.Message}");
        }
        catch (AlidadeException exception)
        {
            throw new AlidadeException($"{schemaFile}: {exception.Message}", exception);
        }
    }
}
