using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Gemma 3, its text model: Gemma 2 with a norm of queries and keys in place of the soft caps, five layers with a window and then one without, and a rotary base of its own for those with.</summary>
internal sealed class Gemma3 : Gemma2
{
    private const double UsualWindowTheta = 10000;

    public override string ModelType => "gemma3_text";

    public override string ClassName => "Gemma3ForCausalLM";

    public override string GgufArchitecture => "gemma3";

    public override TensorNames Names => names;

    private readonly TensorNames names;

    public Gemma3() => names = base.Names with
    {
        Block = base.Names.Block with { QueryNorm = "model.layers.{0}.self_attn.q_norm", KeyNorm = "model.layers.{0}.self_attn.k_norm" },
    };

    public override DecoderConfig Read(ConfigReader config)
    {
        var pattern = config.OptionalSize("sliding_window_pattern") ?? config.OptionalSize("_sliding_window_pattern") ?? 6;
        var read = Windows.Read(base.Read(config), config, config.OptionalSize("sliding_window") ?? 4096, layer => (layer + 1) % pattern != 0);
        var context = config.OptionalSize("max_position_embeddings") ?? 131072;
        var local = config.Object("rope_parameters") is null
            ? new RotaryConfig { Theta = config.Number("rope_local_base_freq") ?? UsualWindowTheta, Dimensions = read.HeadDim }
            : RotaryReader.Read(config, read.HeadDim, context, layers: "sliding_attention");
        return read with
        {
            ContextLength = context,
            QueryKeyNorm = QueryKeyNorm.PerHead,
            Rotary = RotaryReader.Read(config, read.HeadDim, context, layers: "full_attention"),
            WindowRotary = local,
            ScoreCap = config.Number("attn_logit_softcapping"),
            LogitCap = config.Number("final_logit_softcapping"),
        };
    }

    public override DecoderConfig ReadGguf(GgufConfigReader metadata)
    {
        var read = base.ReadGguf(metadata);
        return read with
        {
            QueryKeyNorm = QueryKeyNorm.PerHead,
            WindowRotary = new() { Theta = metadata.Number("rope.freq_base_swa") ?? UsualWindowTheta, Dimensions = read.HeadDim },
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        json["rope_local_base_freq"] = config.WindowRotary!.Theta;
        return json;
    }

    protected override int LayersOf27B => 62;

    protected override (int? Window, double? ScoreCap, double? LogitCap) GgufDefaults => default;

    protected override bool Slides(int layer) => (layer + 1) % 6 != 0;
}
