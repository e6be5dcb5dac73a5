using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Gemma 2: norms before and after attention and MLP, soft caps on scores and logits, a window in every second layer, a scale of the scores of its own.</summary>
internal class Gemma2 : Gemma
{
    public override string ModelType => "gemma2";

    public override string ClassName => "Gemma2ForCausalLM";

    public override string GgufArchitecture => "gemma2";

    public override TensorNames Names { get; } = TensorNames.Llama with
    {
        Block = TensorNames.Llama.Block with
        {
            AttentionPostNorm = "model.layers.{0}.post_attention_layernorm",
            MlpNorm = "model.layers.{0}.pre_feedforward_layernorm",
            MlpPostNorm = "model.layers.{0}.post_feedforward_layernorm",
        },
    };

    protected override string ActivationKey => "hidden_activation";

    public override DecoderConfig Read(ConfigReader config) => Windows.Read(base.Read(config), config, config.OptionalSize("sliding_window") ?? 4096, Slides) with
    {
        BlockNorms = Both,
        ScoreScale = 1 / Math.Sqrt(config.Number("query_pre_attn_scalar") ?? 256),
        ScoreCap = Cap(config, "attn_logit_softcapping", 50),
        LogitCap = Cap(config, "final_logit_softcapping", 30),
    };

    public override DecoderConfig ReadGguf(GgufConfigReader metadata)
    {
        var read = base.ReadGguf(metadata);
        return read with
        {
            BlockNorms = Both,
            // The file has no key for it; the 27B model alone scales by its width for each head.
            ScoreScale = read.Layers == LayersOf27B ? 1 / Math.Sqrt((double)read.Width / read.Heads) : null,
            Window = metadata.Count("attention.sliding_window") is null ? GgufDefaults.Window : read.Window,
            WindowLayers = [.. Enumerable.Range(0, read.Layers).Select(Slides)],
            ScoreCap = metadata.Number("attn_logit_softcapping") ?? GgufDefaults.ScoreCap,
            LogitCap = metadata.Number("final_logit_softcapping") ?? GgufDefaults.LogitCap,
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        Windows.Write(json, config);
        json["query_pre_attn_scalar"] = Math.Round(1 / (config.AttentionScale * config.AttentionScale), 9);
        (json["attn_logit_softcapping"], json["final_logit_softcapping"]) = (config.ScoreCap, config.LogitCap);
        return json;
    }

    private const BlockNorms Both = BlockNorms.BeforeAttention | BlockNorms.AfterAttention | BlockNorms.BeforeMlp | BlockNorms.AfterMlp;

    /// <summary>Layers of the 27B model.</summary>
    protected virtual int LayersOf27B => 46;

    /// <summary>What a GGUF file means that does not say: llama.cpp's <c>models/gemma2.cpp</c> and <c>llama-hparams.h</c>.</summary>
    protected virtual (int? Window, double? ScoreCap, double? LogitCap) GgufDefaults => (4096, 50, 30);

    /// <summary>Which layers have the window when the file does not say.</summary>
    protected virtual bool Slides(int layer) => layer % 2 == 0;

    // An absent key means the usual cap, a null one none.
    private static double? Cap(ConfigReader config, string key, double usual) => config.Keys.Contains(key) ? config.Number(key) : usual;
}
