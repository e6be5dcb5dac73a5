using System.Text.Json.Nodes;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Granite 3: Llama with factors on embeddings, residual branches, scores and logits.</summary>
internal sealed class Granite : LlamaLike
{
    public override string ModelType => "granite";

    public override string ClassName => "GraniteForCausalLM";

    public override DecoderConfig Read(ConfigReader config)
    {
        var bias = config.Flag("attention_bias", false);
        return base.Read(config) with
        {
            EmbeddingScale = config.Number("embedding_multiplier") ?? 1,
            ResidualScale = config.Number("residual_multiplier") ?? 1,
            ScoreScale = config.Number("attention_multiplier") ?? 1,
            LogitScale = 1 / (config.Number("logits_scaling") ?? 1),
            QueryKeyValueBias = bias,
            OutputBias = bias,
            MlpBias = config.Flag("mlp_bias", false),
        };
    }

    public override JsonObject Write(DecoderConfig config)
    {
        var json = base.Write(config);
        (json["attention_bias"], json["mlp_bias"]) = (config.QueryKeyValueBias, config.MlpBias);
        (json["embedding_multiplier"], json["residual_multiplier"]) = (config.EmbeddingScale, config.ResidualScale);
        (json["attention_multiplier"], json["logits_scaling"]) = (config.AttentionScale, 1 / config.LogitScale);
        return json;
    }
}
