using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Families;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>
/// Adapters as PEFT writes them: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c> with names
/// <c>base_model.model.MODULE.lora_A.weight</c> [rank, in] and <c>….lora_B.weight</c> [out, rank].
/// </summary>
/// <remarks>Read: LoRA with rank and alpha patterns and rank-stabilised scaling. Not built yet, and said so: DoRA, biases, saved modules, embeddings.</remarks>
public static partial class PeftFolder
{
    private const string Prefix = "base_model.model.";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes an adapter.</summary>
    public static void Save(LoraAdapter adapter, CausalLM model, string folder)
    {
        Directory.CreateDirectory(folder);
        TensorFiles.Write(Path.Combine(folder, "adapter_model.safetensors"), adapter.Parameters, metadata: new Dictionary<string, string> { ["format"] = "pt" });
        var targets = adapter.Factors.Keys.Select(m => m[(m.LastIndexOf('.') + 1)..]).Distinct().Order(StringComparer.Ordinal);
        var config = new JsonObject
        {
            ["peft_type"] = "LORA",
            ["task_type"] = "CAUSAL_LM",
            ["base_model_name_or_path"] = model.Name,
            ["r"] = adapter.Options.Rank,
            ["lora_alpha"] = adapter.Options.Alpha,
            ["lora_dropout"] = 0.0,
            ["use_rslora"] = adapter.Options.RankStabilised,
            ["use_dora"] = false,
            ["bias"] = "none",
            ["fan_in_fan_out"] = model.StoresInputMajor,
            ["target_modules"] = new JsonArray([.. targets.Select(t => JsonValue.Create(t))]),
            ["modules_to_save"] = null,
            ["inference_mode"] = true,
        };
        AtomicFile.WriteAllText(Path.Combine(folder, "adapter_config.json"), config.ToJsonString(Indented) + "\n");
    }

    /// <summary>Reads an adapter for a model.</summary>
    /// <exception cref="AlidadeException">A file is missing or malformed, or the adapter does not fit the model; the layer is named.</exception>
    /// <exception cref="NotBuiltException">The adapter is of a kind that is not supported yet.</exception>
    public static LoraAdapter Load(CausalLM model, string folder)
    {
        var configPath = Path.Combine(folder, "adapter_config.json");
        var weightsPath = Path.Combine(folder, "adapter_model.safetensors");
        if (!File.Exists(configPath) || !File.Exists(weightsPath))
            throw new AlidadeException($"'{folder}' is not an adapter: it must hold adapter_config.json and adapter_model.safetensors");
        var config = ConfigReader.Open(configPath);
        if (config.Text("peft_type") is not "LORA")
            throw new NotBuiltException($"{configPath}: adapters of type '{config.Text("peft_type")}' are not supported; LORA is");
        if (config.Flag("use_dora", false))
            throw new NotBuiltException($"{configPath}: DoRA is not supported");
        if (config.Text("bias") is not (null or "none"))
            throw new NotBuiltException($"{configPath}: trained biases are not supported");
        var options = new LoraOptions { Rank = config.Size("r"), Alpha = config.Number("lora_alpha") ?? 8, RankStabilised = config.Flag("use_rslora", false) };
        var ranks = config.Object("rank_pattern");
        var alphas = config.Object("alpha_pattern");
        var tensors = TensorFiles.Read(weightsPath);
        try
        {
            var factors = new OrderedDictionary<string, LoraFactors>(StringComparer.Ordinal);
            foreach (var name in tensors.Keys)
            {
                if (FactorName().Match(name) is not { Success: true } match)
                    throw new NotBuiltException($"{weightsPath}: tensor '{name}' is neither a lora_A nor a lora_B of a projection");
                if (match.Groups["part"].Value == "B")
                    continue;
                var module = match.Groups["module"].Value;
                if (!tensors.TryGetValue($"{Prefix}{module}.lora_B.weight", out var b))
                    throw new AlidadeException($"{weightsPath}: '{name}' has no lora_B beside it");
                var a = tensors[name];
                if (a.dim() != 2 || b.dim() != 2 || a.size(0) != b.size(1))
                    throw new AlidadeException($"{weightsPath}: the factors of '{module}' have shapes [{string.Join(", ", a.shape)}] and [{string.Join(", ", b.shape)}], they must be [rank, in] and [out, rank]");
                var named = options with { Rank = (int)Pattern(ranks, module, options.Rank), Alpha = Pattern(alphas, module, options.Alpha) };
                if (a.size(0) != named.Rank)
                    throw new AlidadeException($"{weightsPath}: '{name}' has rank {a.size(0)}, {configPath} says {named.Rank}");
                factors.Add(module, new(LoraAdapter.Own(a.to(model.DType).to(model.Device)), LoraAdapter.Own(b.to(model.DType).to(model.Device)), named.Scale));
            }

            var adapter = new LoraAdapter(folder, options, factors);
            using (model.Use(adapter))
                return adapter;
        }
        finally
        {
            foreach (var tensor in tensors.Values)
                tensor.Dispose();
        }
    }

    // PEFT matches a pattern's key against the end of the module's name.
    private static double Pattern(ConfigReader? patterns, string module, double otherwise)
    {
        var key = patterns?.Keys.FirstOrDefault(k => Regex.IsMatch(module, $@"(.*\.)?({k})$", RegexOptions.None, TimeSpan.FromSeconds(1)));
        return key is null ? otherwise : patterns!.Number(key) ?? otherwise;
    }

    [GeneratedRegex(@"^base_model\.model\.(?<module>.+)\.lora_(?<part>[AB])\.weight$")]
    private static partial Regex FactorName();
}
