using System.CommandLine;
using Alidade.Models;
using Alidade.Models.Native;
using Alidade.Organisms.Base;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that loads a model.</summary>
internal sealed class ModelOptions
{
    public Option<string?> Model { get; } = new("--model", "-m") { Description = "A Hugging Face folder, a .gguf file, or ORG/NAME of a model that was pulled; the embedded model when left out" };

    public Option<string[]> Adapter { get; } = new("--adapter") { Description = AdapterFolders.Description, Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };

    public Option<int?> Threads { get; } = new("--threads") { Description = "Processor threads for tensor work; all when left out" };

    public Option<string> Device { get; } = new("--device") { Description = "cpu, cuda or cuda:n", DefaultValueFactory = _ => "cpu" };

    public Option<string> Weights { get; } = new Option<string>("--weights") { Description = "stored: quantised matrices of a .gguf file are multiplied as they are; float32: they are decoded. stored on a CPU when left out, float32 with an adapter" }.AcceptOnlyFromAmong("stored", "float32");

    public Option<bool> Json { get; } = new("--json") { Description = "Print the result as JSON" };

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { Model, Adapter, Threads, Device, Json })
            command.Options.Add(option);
    }

    /// <summary>Loads the model that was asked for, with decoded weights.</summary>
    public LoadedModel Load(ParseResult parsed) => Load(parsed, new() { Device = parsed.GetValue(Device)! });

    /// <summary>Loads the model of a command that has <see cref="Weights"/>: it only generates.</summary>
    public LoadedModel LoadForInference(ParseResult parsed)
    {
        var fastest = LoadOptions.ForInference(parsed.GetValue(Device)!);
        return Load(parsed, parsed.GetValue(Weights) switch
        {
            "stored" => fastest with { Weights = WeightStorage.AsStored },
            "float32" => fastest with { Weights = WeightStorage.Decoded },
            // An adapter is merged into the weights, which must be numbers for that.
            _ => parsed.GetValue(Adapter) is { Length: > 0 } ? fastest with { Weights = WeightStorage.Decoded } : fastest,
        });
    }

    private LoadedModel Load(ParseResult parsed, LoadOptions options)
    {
        if (parsed.GetValue(Threads) is { } threads)
            Native(threads);
        var model = CausalLM.Load(parsed.GetValue(Model) ?? BaseModel.Shipped, options);
        return new(model, parsed.GetValue(Adapter)!);
    }

    private static void Native(int threads) => Alidade.Models.Native.Threads.Use(threads);
}
