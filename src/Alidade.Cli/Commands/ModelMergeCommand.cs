using System.CommandLine;
using Alidade.Cli.Terminal;
using Alidade.Core;
using Alidade.Models;

namespace Alidade.Cli.Commands;

/// <summary><c>alidade model merge</c>: a model with an adapter's changes in its weights, as a folder.</summary>
internal static class ModelMergeCommand
{
    public static Command Make()
    {
        var source = new Argument<string>("model") { Description = "The base: a Hugging Face folder or a .gguf file" };
        var adapter = new Argument<string>("adapter") { Description = AdapterFolders.Description };
        var target = new Argument<string>("target") { Description = "The folder to write" };
        var more = new Option<string[]>("--adapter") { Description = "A further adapter, summed with the first", DefaultValueFactory = _ => [] };
        var dtype = new Option<string>("--dtype") { Description = "F32, F16 or BF16", DefaultValueFactory = _ => "F32" };
        var json = new Option<bool>("--json") { Description = "Print what was written as JSON" };
        var merge = new Command("merge", "Write a model with the changes of one or more adapters in its weights") { source, adapter, target, more, dtype, json };
        merge.SetAction(parsed =>
        {
            var folder = parsed.GetValue(target)!;
            if (File.Exists(Path.Combine(folder, "config.json")))
                throw new AlidadeException($"'{folder}' holds a model already; name another folder");
            using var loaded = new LoadedModel(CausalLM.Load(parsed.GetValue(source)!), [parsed.GetValue(adapter)!, .. parsed.GetValue(more)!]);
            loaded.Model.Save(folder, parsed.GetValue(dtype)!);
            Output.Print(ModelSummary.Of(loaded.Model) with { Name = folder }, parsed.GetValue(json), s => $"{s.Name}: {s.Architecture}");
            return 0;
        });
        return merge;
    }
}
