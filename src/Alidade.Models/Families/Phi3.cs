using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Phi 3, 3.5 and 4: Llama with fused projections, a sliding window, and in its long forms LongRoPE.</summary>
internal sealed class Phi3 : LlamaLike
{
    public override string ModelType => "phi3";

    public override string ClassName => "Phi3ForCausalLM";

    public override string GgufArchitecture => "phi3";

    public override TensorNames Names { get; } = TensorNames.Llama with
    {
        Block = TensorNames.Llama.Block with
        {
            Query = null,
            Key = null,
            Value = null,
            QueryKeyValue = "model.layers.{0}.self_attn.qkv_proj",
            Gate = null,
            Up = null,
            GateUp = "model.layers.{0}.mlp.gate_up_proj",
        },
    };

    public override DecoderConfig Read(ConfigReader config) => Windows.Read(base.Read(config), config, config.OptionalSize("sliding_window"), _ => true);

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        Windows.Write(json, config);
        // Its readers want the original context beside the scaling, and in the scaling the type and the two lists alone.
        json["original_max_position_embeddings"] = config.Rotary!.Scaling == RotaryScaling.LongRope ? config.Rotary.OriginalContext : config.ContextLength;
        if (config.Rotary.Scaling == RotaryScaling.LongRope && json["rope_scaling"] is JsonObject scaling)
            json["rope_scaling"] = new JsonObject { ["type"] = "longrope", ["short_factor"] = scaling["short_factor"]!.DeepClone(), ["long_factor"] = scaling["long_factor"]!.DeepClone() };
        return json;
    }
}
