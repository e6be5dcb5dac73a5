using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;

namespace Alidade.Models.Adapters;

/// <summary>The adapter_config.json of a PEFT folder.</summary>
internal static class PeftConfig
{
    // Said for people, or of no effect once the factors are trained.
    private static readonly HashSet<string> Idle =
    [
        "auto_mapping", "base_model_name_or_path", "revision", "inference_mode", "peft_version", "task_type", "lora_dropout", "fan_in_fan_out", "megatron_core",
        "qalora_group_size", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "runtime_config", "ensure_weight_tying",
    ];

    private static readonly HashSet<string> Read =
    [
        "peft_type", "r", "lora_alpha", "use_rslora", "use_dora", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "rank_pattern",
        "alpha_pattern", "bias", "modules_to_save", "init_lora_weights",
    ];

    private const string ScoringHead = "score";

    // Initialisations that leave the base as it was; the others move a part of it into the factors.
    private static readonly string[] PlainInitialisations = ["gaussian", "eva", "orthogonal"];

    /// <summary>The settings.</summary>
    /// <exception cref="AlidadeException">A value is malformed.</exception>
    /// <exception cref="NotBuiltException">The adapter's type, task or one of its options is not supported; it is named.</exception>
    public static LoraOptions Options(ConfigReader config)
    {
        if (config.Text("peft_type") is not "LORA")
            throw new NotBuiltException($"{config.Where}: adapters of type '{config.Text("peft_type")}' are not supported; LORA is");
        if (config.Text("task_type") is { } task and not ("CAUSAL_LM" or "SEQ_CLS" or "TOKEN_CLS"))
            throw new NotBuiltException($"{config.Where}: adapters for the task '{task}' are not supported; those for CAUSAL_LM, SEQ_CLS and TOKEN_CLS are");
        if (config.Keys.FirstOrDefault(k => !Idle.Contains(k) && !Read.Contains(k) && config.IsSet(k)) is { } unknown)
            throw new NotBuiltException($"{config.Where}: the option '{unknown}' is not supported");
        if (config.IsText("init_lora_weights") && config.Text("init_lora_weights") is { } start && !PlainInitialisations.Contains(start))
            throw new NotBuiltException($"{config.Where}: 'init_lora_weights' is '{start}', which changes the base too; save the adapter converted to plain LoRA (PEFT: path_initial_model_for_weight_conversion)");
        var (targets, targetPattern) = Names(config, "target_modules");
        var (excluded, excludedPattern) = Names(config, "exclude_modules");
        var allLinear = targetPattern is "all-linear";
        return new()
        {
            Rank = config.Size("r"),
            Alpha = config.Number("lora_alpha") ?? 8,
            RankStabilised = config.Flag("use_rslora", false),
            Dora = config.Flag("use_dora", false),
            Targets = targets,
            TargetPattern = allLinear ? null : targetPattern,
            Excluded = excluded,
            ExcludedPattern = excludedPattern,
            Layers = config.WholeNumbers("layers_to_transform"),
            LayerLists = config.Texts("layers_pattern"),
            RankPattern = Pattern(config, "rank_pattern", (o, k) => o.Size(k)),
            AlphaPattern = Pattern(config, "alpha_pattern", (o, k) => o.Number(k) ?? throw new AlidadeException($"{o.Where}: '{k}' is null, it must be a number")),
            Bias = config.Text("bias") switch
            {
                null or "none" => TrainedBiases.None,
                "lora_only" => TrainedBiases.LoraOnly,
                "all" => TrainedBiases.All,
                var other => throw new AlidadeException($"{config.Where}: 'bias' is '{other}'; allowed are none, lora_only, all"),
            },
            SavedModules = config.Texts("modules_to_save"),
        };
    }

    /// <summary>The file's content.</summary>
    public static JsonObject Write(LoraAdapter adapter, CausalLM model)
    {
        var options = adapter.Options;
        var hasHead = adapter.Replacements.ContainsKey(ScoringConfig.WeightName);
        JsonArray? List(IEnumerable<string> names) => names.ToArray() is { Length: > 0 } all ? new([.. all.Select(n => (JsonNode)n)]) : null;
        // "Every projection" is written out: other models of the family may have other ones.
        var targets = options.Targets.Count > 0 ? options.Targets.AsEnumerable() : adapter.Factors.Keys.Select(PeftNames.LastPart).Distinct().Order(StringComparer.Ordinal);
        return new()
        {
            ["peft_type"] = "LORA",
            ["task_type"] = model.Config.Scoring is { OfTokens: true } ? "TOKEN_CLS" : hasHead || model.Config.Scoring is not null ? "SEQ_CLS" : "CAUSAL_LM",
            ["base_model_name_or_path"] = model.Name,
            ["r"] = options.Rank,
            ["lora_alpha"] = options.Alpha,
            ["lora_dropout"] = 0.0,
            ["use_rslora"] = options.RankStabilised,
            ["use_dora"] = options.Dora,
            ["bias"] = options.Bias switch { TrainedBiases.All => "all", TrainedBiases.LoraOnly => "lora_only", _ => "none" },
            ["fan_in_fan_out"] = model.StoresInputMajor,
            ["target_modules"] = options.TargetPattern is { } pattern ? pattern : List(targets),
            ["exclude_modules"] = options.ExcludedPattern is { } excluded ? excluded : List(options.Excluded),
            ["layers_to_transform"] = options.Layers.Count == 0 ? null : new JsonArray([.. options.Layers.Select(l => (JsonNode)l)]),
            ["layers_pattern"] = List(options.LayerLists),
            ["rank_pattern"] = new JsonObject(options.RankPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
            ["alpha_pattern"] = new JsonObject(options.AlphaPattern.Select(p => KeyValuePair.Create(p.Key, (JsonNode?)p.Value))),
            ["modules_to_save"] = List(hasHead && !options.Saves(ScoringHead) ? options.SavedModules.Append(ScoringHead) : options.SavedModules),
            ["init_lora_weights"] = true,
            ["inference_mode"] = true,
        };
    }

    // A list is of names, a text is a regular expression.
    private static (IReadOnlyList<string> Names, string? Pattern) Names(ConfigReader config, string key) =>
        config.IsText(key) ? ([], config.Text(key)) : (config.Texts(key), null);

    private static Dictionary<string, T> Pattern<T>(ConfigReader config, string key, Func<ConfigReader, string, T> read) =>
        config.Object(key) is { } patterns ? patterns.Keys.ToDictionary(k => k, k => read(patterns, k), StringComparer.Ordinal) : [];
}
