using System.CommandLine;
using Alidade.Models;
using Alidade.Models.Encoders;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that gives texts to an encoder.</summary>
internal sealed class EncoderOptions : ComputeOptions
{
    public Argument<string[]> Texts { get; } = new("text") { Description = "The texts, each in quotation marks", Arity = ArgumentArity.OneOrMore };

    public Option<string> Model { get; } = new("--model", "-m") { Description = "A Hugging Face folder of an encoder", Required = true };

    public Option<int?> MaxLength { get; } = new("--max-length") { Description = "Longest text in tokens; longer ones are cut and counted. The model's own limit when left out" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Texts);
        foreach (var option in new Option[] { Model, MaxLength, Threads, Device, Json })
            command.Options.Add(option);
    }

    /// <summary>Loads the model that was asked for.</summary>
    public T Load<T>(ParseResult parsed, Func<string, LoadOptions, T> load)
    {
        UseThreads(parsed);
        return load(parsed.GetValue(Model)!, new() { Device = parsed.GetValue(Device)! });
    }

    /// <summary>How texts become rows.</summary>
    public EncoderTextOptions Rows(ParseResult parsed) => new() { MaxLength = parsed.GetValue(MaxLength) };
}
