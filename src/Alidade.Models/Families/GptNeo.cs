using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>GPT-Neo: LayerNorm, learned positions, scores that are not scaled, a window in every second layer.</summary>
internal sealed class GptNeo : GptLike
{
    public override string ModelType => "gpt_neo";

    public override string ClassName => "GPTNeoForCausalLM";

    public override TensorNames Names { get; } = new()
    {
        OptionalPrefix = "transformer.",
        Embedding = "wte",
        Positions = "wpe",
        Block = new()
        {
            AttentionNorm = "h.{0}.ln_1",
            Query = "h.{0}.attn.attention.q_proj",
            Key = "h.{0}.attn.attention.k_proj",
            Value = "h.{0}.attn.attention.v_proj",
            Output = "h.{0}.attn.attention.out_proj",
            MlpNorm = "h.{0}.ln_2",
            Up = "h.{0}.mlp.c_fc",
            Down = "h.{0}.mlp.c_proj",
        },
        FinalNorm = "ln_f",
        Head = "lm_head",
        Ignored = [".attn.attention.bias", ".attn.attention.masked_bias"],
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        var layers = config.Size("num_layers");
        // The list names each layer; a file without it repeats the two kinds, as all released ones do.
        var kinds = config.Texts("attention_layers") is { Count: > 0 } given ? given : [.. Enumerable.Range(0, layers).Select(i => i % 2 == 0 ? "global" : "local")];
        if (kinds.Count != layers || kinds.Any(k => k is not ("global" or "local")))
            throw new AlidadeException($"{config.Where}: 'attention_layers' must name 'global' or 'local' for each of the {layers} layers");
        var read = Read(config, config.Size("hidden_size"), layers, config.Size("num_heads"), config.Size("max_position_embeddings"));
        return read with
        {
            MlpWidth = config.OptionalSize("intermediate_size") ?? read.MlpWidth,
            Window = kinds.Contains("local") ? config.OptionalSize("window_size") ?? 256 : null,
            WindowLayers = [.. kinds.Select(k => k == "local")],
            ScoreScale = 1,
            OutputBias = true,
            MlpBias = true,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var kinds = Enumerable.Range(0, config.Layers).Select(i => config.WindowOf(i) is null ? "global" : "local").ToArray();
        var json = WriteCommon(config);
        json["hidden_size"] = config.Width;
        json["num_layers"] = config.Layers;
        json["num_heads"] = config.Heads;
        json["intermediate_size"] = config.MlpWidth;
        json["max_position_embeddings"] = config.ContextLength;
        json["layer_norm_epsilon"] = config.NormEpsilon;
        json["activation_function"] = Activations.Name(config.Activation);
        json["window_size"] = config.Window;
        json["attention_layers"] = new JsonArray([.. kinds.Select(k => JsonValue.Create(k))]);
        json["attention_types"] = new JsonArray(new JsonArray(new JsonArray([.. kinds.Select(k => JsonValue.Create(k))]), 1));
        return json;
    }
}
