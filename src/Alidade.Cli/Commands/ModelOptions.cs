using System.CommandLine;
using Alidade.Models;
using Alidade.Organisms.Base;

namespace Alidade.Cli.Commands;

/// <summary>The options of every command that loads a model.</summary>
internal sealed class ModelOptions : ComputeOptions
{
    public Option<string?> Model { get; } = new("--model", "-m") { Description = "A Hugging Face folder, a .gguf file, or ORG/NAME of a model that was pulled; the embedded model when left out" };

    public Option<string[]> Adapter { get; } = new("--adapter") { Description = AdapterFolders.Description, Arity = ArgumentArity.OneOrMore, DefaultValueFactory = _ => [] };

    public Option<string> Weights { get; } = new Option<string>("--weights") { Description = "stored: quantised matrices of a .gguf file are multiplied as they are; float32: they are decoded. stored on a CPU when left out, float32 with an adapter" }.AcceptOnlyFromAmong("stored", "float32");

    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { Model, Adapter, Threads, Device, Json, Weights })
            command.Options.Add(option);
    }

    /// <summary>Loads the model that was asked for, to generate with it and no more.</summary>
    public LoadedModel LoadForInference(ParseResult parsed)
    {
        var fastest = LoadOptions.ForInference(parsed.GetValue(Device)!);
        UseThreads(parsed);
        var options = parsed.GetValue(Weights) switch
        {
            "stored" => fastest with { Weights = WeightStorage.AsStored },
            "float32" => fastest with { Weights = WeightStorage.Decoded },
            // An adapter is merged into the weights, which must be numbers for that.
            _ => parsed.GetValue(Adapter) is { Length: > 0 } ? fastest with { Weights = WeightStorage.Decoded } : fastest,
        };
        return new(CausalLM.Load(parsed.GetValue(Model) ?? BaseModel.Shipped, options), parsed.GetValue(Adapter)!);
    }
}
