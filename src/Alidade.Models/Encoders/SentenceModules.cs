using Alidade.Models.Architecture;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>What comes after pooling: vectors to vectors.</summary>
internal interface ISentenceModule : IDisposable
{
    /// <param name="x">[rows, size].</param>
    Tensor Apply(Tensor x);
}

/// <summary>Makes modules.</summary>
internal static class SentenceModules
{
    /// <summary>The module that a folder describes.</summary>
    public static ISentenceModule Load(SentenceStep step, LoadOptions options) => step.Kind switch
    {
        SentenceStep.Normalize => new NormalizeModule(),
        SentenceStep.Dense => DenseModule.Load(step, options),
        _ => LayerNormModule.Load(step, options),
    };

    /// <summary>The module's tensors, outside of any scope.</summary>
    public static EncoderWeights Weights(SentenceStep step, LoadOptions options)
    {
        using var file = SafetensorsFolder.Open(step.Folder);
        using var scope = NewDisposeScope();
        var weights = new EncoderWeights(file, options);
        weights.Take(step.Tensors);
        weights.Read(_ => false);
        return weights;
    }
}

/// <summary>x / max(‖x‖₂, 10⁻¹²).</summary>
internal sealed class NormalizeModule : ISentenceModule
{
    public Tensor Apply(Tensor x) => nn.functional.normalize(x, p: 2, dim: -1, eps: 1e-12);

    public void Dispose()
    {
    }
}

/// <summary>f(W x + b).</summary>
internal sealed class DenseModule(Tensor weight, Tensor? bias, Activation? activation) : ISentenceModule
{
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

    public static DenseModule Load(SentenceStep step, LoadOptions options)
    {
        var weights = SentenceModules.Weights(step, options);
        return new(weights["linear.weight"], step.Tensors.Count > 1 ? weights["linear.bias"] : null, step.Activation);
    }
}

/// <summary>A layer norm.</summary>
internal sealed class LayerNormModule(Norm norm) : ISentenceModule
{
    public Tensor Apply(Tensor x) => norm.Apply(x);

    public void Dispose()
    {
        norm.Weight!.Dispose();
        norm.Bias?.Dispose();
    }

    public static LayerNormModule Load(SentenceStep step, LoadOptions options) => new(SentenceModules.Weights(step, options).Norm("norm", 1e-5));
}
