using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Gemma 1: Llama with gains stored less 1, embeddings times √width, a GELU gate and a tied head.</summary>
internal class Gemma : LlamaLike
{
    public override string ModelType => "gemma";

    public override string ClassName => "GemmaForCausalLM";

    public override string GgufArchitecture => "gemma";

    protected override bool TiedByDefault => true;

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", false);
        var activation = config.Text("hidden_activation") ?? config.Text("hidden_act") ?? "gelu_pytorch_tanh";
        return Implied(base.Read(config)) with { Activation = ActivationOf(activation, config.Where), QueryKeyValueBias = bias, OutputBias = bias };
    }

    public override DecoderConfig ReadGguf(GgufConfigReader metadata) => Implied(base.ReadGguf(metadata)) with { Activation = Activation.GeluTanh };

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        (json["hidden_activation"], json["attention_bias"]) = (Activations.Name(config.Activation), config.QueryKeyValueBias);
        return json;
    }

    private static DecoderConfig Implied(DecoderConfig config) => config with { NormGainOffset = 1, EmbeddingScale = Math.Sqrt(config.Width) };

    // The first released files say "gelu" and mean the tanh form, as everyone computes them.
    private static Activation ActivationOf(string name, string where) => Activations.Parse(name, where) is var kind && kind == Activation.Gelu ? Activation.GeluTanh : kind;
}
