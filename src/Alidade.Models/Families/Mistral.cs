using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Mistral: Llama with a sliding window in every layer.</summary>
internal sealed class Mistral : LlamaLike
{
    public override string ModelType => "mistral";

    public override string ClassName => "MistralForCausalLM";

    public override DecoderConfig Read(ConfigReader config) => Windows.Read(base.Read(config), config, config.OptionalSize("sliding_window"), _ => true);

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        Windows.Write(json, config);
        return json;
    }
}
