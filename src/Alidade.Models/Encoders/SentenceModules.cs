using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>What comes after pooling: vectors to vectors.</summary>
internal interface ISentenceModule : IDisposable
{
    /// <summary>Size of the vectors that leave it, given that of those that enter.</summary>
    int Outputs(int inputs);

    /// <param name="x">[rows, size].</param>
    Tensor Apply(Tensor x);
}

/// <summary>x / max(‖x‖₂, 10⁻¹²).</summary>
internal sealed class NormalizeModule : ISentenceModule
{
    public int Outputs(int inputs) => inputs;

    public Tensor Apply(Tensor x) => nn.functional.normalize(x, p: 2, dim: -1, eps: 1e-12);

    public void Dispose()
    {
    }
}

/// <summary>f(W x + b).</summary>
internal sealed class DenseModule(Tensor weight, Tensor? bias, Activation? activation) : ISentenceModule
{
    // Names of the reference's classes; none is the identity.
    private static readonly (string Name, Activation? Kind)[] Functions =
    [
        ("Identity", null), ("Tanh", Architecture.Activation.Tanh), ("ReLU", Architecture.Activation.Relu), ("GELU", Architecture.Activation.Gelu), ("SiLU", Architecture.Activation.Silu),
    ];

    public int Outputs(int inputs) => (int)weight.size(0);

    public Tensor Apply(Tensor x)
    {
        using var scope = NewDisposeScope();
        var y = nn.functional.linear(x, weight, bias);
        return (activation is { } f ? f.Apply(y) : y).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        weight.Dispose();
        bias?.Dispose();
    }

    public static DenseModule Read(string folder, ConfigReader config, int inputs, LoadOptions options)
    {
        var (given, outputs) = (config.Size("in_features"), config.Size("out_features"));
        if (given != inputs)
            throw new AlidadeException($"{config.Where}: 'in_features' is {given}, what comes before gives {inputs}");
        var function = (config.Text("activation_function") ?? "torch.nn.modules.activation.Tanh").Split('.')[^1];
        if (Array.Find(Functions, f => f.Name == function) is not (not null, var kind))
            throw new NotBuiltException($"{config.Where}: 'activation_function' is \"{function}\"; known are {string.Join(", ", Functions.Select(f => f.Name))}");
        using var file = SafetensorsFolder.Open(folder);
        using var scope = NewDisposeScope();
        var weights = new EncoderWeights(file, "", options);
        var weight = weights.Take("linear.weight", outputs, inputs);
        var bias = config.Flag("bias", true) ? weights.Take("linear.bias", outputs) : null;
        weights.Read(_ => false);
        return new(weight, bias, kind);
    }
}

/// <summary>A layer norm.</summary>
internal sealed class LayerNormModule(Norm norm) : ISentenceModule
{
    public int Outputs(int inputs) => inputs;

    public Tensor Apply(Tensor x) => norm.Apply(x);

    public void Dispose()
    {
        norm.Weight!.Dispose();
        norm.Bias?.Dispose();
    }

    public static LayerNormModule Read(string folder, int inputs, LoadOptions options)
    {
        using var file = SafetensorsFolder.Open(folder);
        using var scope = NewDisposeScope();
        var weights = new EncoderWeights(file, "", options);
        var norm = weights.Norm("norm", inputs, 1e-5);
        weights.Read(_ => false);
        return new(norm);
    }
}
