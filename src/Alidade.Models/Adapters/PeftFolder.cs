using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Families;
using Alidade.Models.Hub;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>
/// Adapters as PEFT writes them: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c>. Several adapters of one base share a folder: the one called
/// "default" lies in it, each other one in a folder of its name below.
/// </summary>
/// <remarks>
/// LoRA with all that selects modules, ranks and scales, DoRA, biases, saved modules, embeddings. PEFT writes an unchanged copy of an embedding that has an update
/// (<c>embed_tokens.base_layer.weight</c>); Alidade does not, and PEFT does not need it.
/// </remarks>
public static class PeftFolder
{
    private const string ConfigFile = "adapter_config.json";
    private const string WeightsFile = "adapter_model.safetensors";
    private const string Default = "default";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes an adapter.</summary>
    /// <exception cref="NotBuiltException">It has no low-rank update, as a sum of DoRA adapters alone: PEFT's files have no place for it.</exception>
    public static void Save(LoraAdapter adapter, CausalLM model, string folder)
    {
        if (adapter.Factors.Count == 0)
            throw new NotBuiltException($"adapter '{adapter.Name}' has no low-rank update, without which there is no PEFT folder; a sum of DoRA adapters is whole tensors: merge it into the model and save that");
        Directory.CreateDirectory(folder);
        TensorFiles.Write(Path.Combine(folder, WeightsFile), adapter.Parameters, metadata: new Dictionary<string, string> { ["format"] = "pt" });
        // Last, so that a folder with a configuration is whole.
        AtomicFile.WriteAllText(Path.Combine(folder, ConfigFile), PeftConfig.Write(adapter, model).ToJsonString(Indented) + "\n");
    }

    /// <summary>Writes several adapters of one base.</summary>
    /// <param name="adapters">Adapters by name.</param>
    /// <param name="model">Their base.</param>
    /// <param name="folder">Made when absent.</param>
    /// <exception cref="AlidadeException">A name cannot be the name of a folder.</exception>
    public static void SaveAll(IReadOnlyDictionary<string, LoraAdapter> adapters, CausalLM model, string folder)
    {
        if (adapters.Keys.FirstOrDefault(n => n.Length == 0 || n is "." or ".." || n.AsSpan().IndexOfAny('/', '\\', '\0') >= 0) is { } wrong)
            throw new AlidadeException($"an adapter cannot be saved under the name '{wrong}', for it is to be the name of a folder");
        foreach (var (name, adapter) in adapters)
            Save(adapter, model, name == Default ? folder : Path.Combine(folder, name));
    }

    /// <summary>Reads all adapters of a folder, by name.</summary>
    /// <param name="model">Their base.</param>
    /// <param name="folder">The folder, or the hub's name of one that was pulled (ORG/NAME).</param>
    /// <exception cref="AlidadeException">There is none, or one cannot be read; see <see cref="Load"/>.</exception>
    public static OrderedDictionary<string, LoraAdapter> LoadAll(CausalLM model, string folder)
    {
        folder = ModelLocation.Resolve(folder);
        var adapters = new OrderedDictionary<string, LoraAdapter>(StringComparer.Ordinal);
        try
        {
            if (File.Exists(Path.Combine(folder, ConfigFile)))
                adapters.Add(Default, Load(model, folder));
            if (Directory.Exists(folder))
                foreach (var below in Directory.EnumerateDirectories(folder).Where(d => File.Exists(Path.Combine(d, ConfigFile))).Order(StringComparer.Ordinal))
                    adapters.Add(Path.GetFileName(below), Load(model, below));
            return adapters.Count > 0 ? adapters : throw NoAdapter(folder);
        }
        catch
        {
            foreach (var adapter in adapters.Values)
                adapter.Dispose();
            throw;
        }
    }

    /// <summary>Reads an adapter for a model.</summary>
    /// <param name="model">The base.</param>
    /// <param name="folder">The folder, or the hub's name of one that was pulled (ORG/NAME).</param>
    /// <exception cref="AlidadeException">A file is missing or malformed, or the adapter does not fit the model; the layer is named.</exception>
    /// <exception cref="NotBuiltException">The adapter is of a kind, or has an option, that is not supported; it is named.</exception>
    public static LoraAdapter Load(CausalLM model, string folder)
    {
        folder = ModelLocation.Resolve(folder);
        var (configPath, weightsPath) = (Path.Combine(folder, ConfigFile), Path.Combine(folder, WeightsFile));
        if (!File.Exists(configPath) || !File.Exists(weightsPath))
            throw NoAdapter(folder);
        var options = PeftConfig.Options(ConfigReader.Open(configPath));
        var tensors = TensorFiles.Read(weightsPath);
        LoraAdapter? adapter = null;
        try
        {
            adapter = new PeftReader(model, options, weightsPath, tensors).Read(folder);
            model.Places.Check(adapter);
            CheckSelection(model, adapter, weightsPath);
            return adapter;
        }
        catch
        {
            adapter?.Dispose();
            throw;
        }
        finally
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
        }
    }

    // What the configuration selects and what the file holds are the same modules, and nothing that it says is kept is missing.
    private static void CheckSelection(CausalLM model, LoraAdapter adapter, string path)
    {
        foreach (var module in model.Places.Modules.Values)
        {
            var wanted = adapter.Options.Updates(module.Name, model.Places.IsProjection(module));
            if (wanted != adapter.Factors.ContainsKey(module.Name))
                throw new AlidadeException(wanted
                    ? $"{path}: '{module.Name}' has no factors, {ConfigFile} selects it"
                    : $"{path}: '{module.Name}' has factors, {ConfigFile} does not select it");
        }

        if (adapter.Options.Replaced(model.Places.Slots.Keys, adapter.Factors.ContainsKey).FirstOrDefault(p => !adapter.Replacements.ContainsKey(p)) is { } missing)
            throw new AlidadeException($"{path}: '{missing}' is missing, {ConfigFile} says that it is kept");
    }

    private static AlidadeException NoAdapter(string folder) => new(File.Exists(Path.Combine(folder, "adapter_model.bin"))
        ? $"'{folder}' holds adapter_model.bin, a pickle, which is never opened; save the adapter as safetensors"
        : $"'{folder}' is not an adapter: it must hold {ConfigFile} and {WeightsFile}");
}
