using System.CommandLine;
using Alidade.Models;
using Alidade.Models.Encoders;
using Alidade.Models.Native;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that gives texts to an encoder.</summary>
internal sealed class EncoderOptions
{
    public Argument<string[]> Texts { get; } = new("text") { Description = "The texts, each in quotation marks", Arity = ArgumentArity.OneOrMore };

    public Option<string> Model { get; } = new("--model", "-m") { Description = "A Hugging Face folder of an encoder", Required = true };

    public Option<int?> MaxLength { get; } = new("--max-length") { Description = "Longest text in tokens; longer ones are cut and counted. The model's own limit when left out" };

    public Option<int?> Threads { get; } = new("--threads") { Description = "Processor threads for tensor work; all when left out" };

    public Option<string> Device { get; } = new("--device") { Description = "cpu, cuda or cuda:n", DefaultValueFactory = _ => "cpu" };

    public Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON" };

    public void AddTo(Command command)
    {
        command.Arguments.Add(Texts);
        foreach (var option in new Option[] { Model, MaxLength, Threads, Device, Json })
            command.Options.Add(option);
    }

    /// <summary>Loads the model that was asked for.</summary>
    public T Load<T>(ParseResult parsed, Func<string, LoadOptions, T> load)
    {
        if (parsed.GetValue(Threads) is { } threads)
            UseThreads(threads);
        return load(parsed.GetValue(Model)!, new() { Device = parsed.GetValue(Device)! });
    }

    /// <summary>How texts become rows.</summary>
    public EncoderTextOptions Rows(ParseResult parsed) => new() { MaxLength = parsed.GetValue(MaxLength) };

    // Apart, so that help loads no tensor library.
    private static void UseThreads(int threads) => Alidade.Models.Native.Threads.Use(threads);
}
