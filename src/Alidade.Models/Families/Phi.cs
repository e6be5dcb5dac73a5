using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Models.Architecture;

namespace Alidade.Models.Families;

/// <summary>Phi 1, 1.5 and 2: attention and MLP in parallel on one LayerNorm, partial rotary positions, biases everywhere, the head's too.</summary>
internal sealed class Phi : LlamaLike
{
    public override string ModelType => "phi";

    public override string ClassName => "PhiForCausalLM";

    public override TensorNames Names { get; } = TensorNames.Llama with
    {
        Block = TensorNames.Llama.Block with { Output = "model.layers.{0}.self_attn.dense", Gate = null, Up = "model.layers.{0}.mlp.fc1", Down = "model.layers.{0}.mlp.fc2" },
        FinalNorm = "model.final_layernorm",
    };

    protected override string EpsilonKey => "layer_norm_eps";

    protected override double RotaryShareByDefault => 0.5;

    public override DecoderConfig Read(ConfigReader config) => config.Flag("qk_layernorm", false)
        ? throw new NotBuiltException($"{config.Where}: 'qk_layernorm' is true; a norm of queries and keys with a shift is not supported")
        : base.Read(config) with
        {
            Norm = NormKind.Layer,
            BlockNorms = BlockNorms.BeforeAttention,
            ParallelResidual = true,
            Activation = Activations.Parse(config.Text("hidden_act") ?? "gelu_new", config.Where),
            GatedMlp = false,
            QueryKeyValueBias = true,
            OutputBias = true,
            MlpBias = true,
            HeadBias = true,
        };
}
