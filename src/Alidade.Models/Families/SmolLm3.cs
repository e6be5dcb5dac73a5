using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>SmolLM 3: Llama with some layers, usually every fourth, without positions.</summary>
internal sealed class SmolLm3 : LlamaLike
{
    public override string ModelType => "smollm3";

    public override string ClassName => "SmolLM3ForCausalLM";

    protected override bool TiedByDefault => true;

    public override DecoderConfig Read(ConfigReader config)
    {
        var read = base.Read(config);
        var interval = config.OptionalSize("no_rope_layer_interval") ?? 4;
        bool[] turned = config.Numbers("no_rope_layers") is { Count: > 0 } flags ? [.. flags.Select(f => f != 0)] : [.. Enumerable.Range(0, read.Layers).Select(i => (i + 1) % interval != 0)];
        if (turned.Length != read.Layers)
            throw new AlidadeException($"{config.Where}: 'no_rope_layers' names {turned.Length} layers, the model has {read.Layers}");
        var bias = config.Flag("attention_bias", false);
        var window = config.Flag("use_sliding_window", false) ? config.OptionalSize("sliding_window") : null;
        return Windows.Read(read, config, window, layer => !turned[layer]) with
        {
            RotaryLayers = turned,
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = config.Flag("mlp_bias", false),
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        Windows.Write(json, config);
        json["use_sliding_window"] = config.Window is not null;
        json["no_rope_layers"] = new JsonArray([.. Enumerable.Range(0, config.Layers).Select(i => JsonValue.Create(config.RotaryOf(i) is null ? 0 : 1))]);
        (json["attention_bias"], json["mlp_bias"]) = (config.QueryKeyValueBias, config.MlpBias);
        return json;
    }
}
