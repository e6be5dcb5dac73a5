using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A norm over the last dimension; see <see cref="NormKind"/>.</summary>
internal sealed class Norm(NormKind kind, double epsilon, Tensor weight, Tensor? bias)
{
    private readonly long[] shape = [weight.size(0)];

    /// <summary>What is normalised.</summary>
    public NormKind Kind => kind;

    /// <summary>The gain, [width].</summary>
    public Tensor Weight => weight;

    /// <summary>The shift, [width]; null under RMS.</summary>
    public Tensor? Bias => bias;

    /// <param name="x">[.., width].</param>
    /// <returns>[.., width].</returns>
    public Tensor Apply(Tensor x)
    {
        if (kind == NormKind.Layer)
            return nn.functional.layer_norm(x, shape, weight, bias, epsilon);
        using var scope = NewDisposeScope();
        var inverse = x.square().mean([-1], keepdim: true).add_(epsilon).rsqrt();
        return x.mul(inverse).mul(weight).MoveToOuterDisposeScope();
    }

    /// <summary>The same in steps, with <c>hook_scale</c> (√(var + ε) or √(mean x² + ε)) and <c>hook_normalized</c> (before gain and shift).</summary>
    public Tensor Apply(Tensor x, HookRun hooks, string prefix)
    {
        using var scope = NewDisposeScope();
        var centred = kind == NormKind.Layer ? x - x.mean([-1], keepdim: true) : x;
        var scale = hooks.At(prefix + "hook_scale", centred.square().mean([-1], keepdim: true).add(epsilon).sqrt());
        var normalized = hooks.At(prefix + "hook_normalized", centred / scale);
        var y = normalized * weight;
        return (bias is null ? y : y + bias).MoveToOuterDisposeScope();
    }
}
