using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Qwen 2 and 2.5: Llama with biases on query, key and value; where a sliding window is in use, the later layers have it.</summary>
internal class Qwen2 : LlamaLike
{
    public override string ModelType => "qwen2";

    public override string ClassName => "Qwen2ForCausalLM";

    public override string GgufArchitecture => "qwen2";

    public override DecoderConfig Read(ConfigReader config)
    {
        var first = config.Count("max_window_layers") ?? 28;
        var window = config.Flag("use_sliding_window", false) ? config.OptionalSize("sliding_window") : null;
        return Windows.Read(base.Read(config) with { QueryKeyValueBias = true }, config, window, layer => layer >= first);
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        Windows.Write(json, config);
        json["use_sliding_window"] = config.Window is not null;
        return json;
    }
}
