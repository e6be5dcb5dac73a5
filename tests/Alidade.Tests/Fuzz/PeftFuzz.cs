using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Adapters;

namespace Alidade.Tests.Fuzz;

/// <summary>Adapters as PEFT writes them, put on a small base.</summary>
public sealed class PeftFuzz
{
    private static readonly JsonMutation Config = new(
        "peft_type", "LORA", "IA3", "task_type", "CAUSAL_LM", "SEQ_CLS", "r", "lora_alpha", "use_rslora", "use_dora", "target_modules", "exclude_modules", "layers_to_transform", "layers_pattern", "layers", "rank_pattern",
        "alpha_pattern", "bias", "none", "all", "lora_only", "modules_to_save", "score", "lm_head", "embed_tokens", "init_lora_weights", "gaussian", "pissa", "all-linear", "q_proj", "v_proj",
        ".*", "(a+)+$", "(.*)*_proj", ".*(q|v)_proj", "[", "(?<a>", "^model(.|.)*x$", "model.layers.0.self_attn.q_proj");

    [Fact]
    public void A_mutated_adapter_is_put_on_its_base_or_refused_in_one_line()
    {
        using var model = Small.Model("llama");
        using var folder = new TemporaryFolder();
        (string Config, byte[] Weights)[] seeds =
        [
            Saved(new() { Rank = 2, Targets = ["q_proj", "v_proj"] }),
            Saved(new() { Rank = 2, Dora = true, TargetPattern = @".*(q|v)_proj", SavedModules = ["norm"] }),
            Saved(new() { Rank = 1, Targets = ["embed_tokens", "down_proj"], RankPattern = new Dictionary<string, int> { ["layers.0.mlp.down_proj"] = 3 } }),
        ];
        FuzzRun.Inputs(
            "peft",
            random =>
            {
                var (config, weights) = random.One(seeds);
                var both = random.Chance(0.15);
                var first = random.Chance(0.7);
                return new(
                    ("adapter_config.json", first || both ? Config.Of(random, config) : config.Utf8()),
                    ("adapter_model.safetensors", !first || both ? SafetensorsFuzz.Mutated(random, weights) : weights));
            },
            input =>
            {
                input.Write(folder.Path);
                using var adapter = PeftFolder.Load(model, folder.Path);
                model.Use(adapter).Dispose();
            });

        (string Config, byte[] Weights) Saved(LoraOptions options)
        {
            using var adapter = Small.Trained(model, options, seed: 3);
            PeftFolder.Save(adapter, model, folder.Path);
            return (File.ReadAllText(folder.File("adapter_config.json")), File.ReadAllBytes(folder.File("adapter_model.safetensors")));
        }
    }
}
