using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A norm over the last dimension; see <see cref="NormKind"/>.</summary>
internal sealed class Norm(NormKind kind, double epsilon, WeightSlot weight, WeightSlot? bias)
{
    private readonly long[] shape = [weight.Own.size(0)];

    /// <summary>What is normalised.</summary>
    public NormKind Kind => kind;

    /// <summary>The gain, [width].</summary>
    public Tensor Weight => weight.Value;

    /// <summary>The shift, [width]; null under RMS.</summary>
    public Tensor? Bias => bias?.Value;

    /// <param name="x">[.., width].</param>
    /// <returns>[.., width].</returns>
    public Tensor Apply(Tensor x)
    {
        if (kind == NormKind.Layer)
            return nn.functional.layer_norm(x, shape, Weight, Bias, epsilon);
        using var scope = NewDisposeScope();
        var inverse = x.square().mean([-1], keepdim: true).add_(epsilon).rsqrt();
        return x.mul(inverse).mul(Weight).MoveToOuterDisposeScope();
    }

    /// <summary>The same in steps, with <c>hook_scale</c> (√(var + ε) or √(mean x² + ε)) and <c>hook_normalized</c> (before gain and shift).</summary>
    public Tensor Apply(Tensor x, HookRun hooks, string prefix)
    {
        using var scope = NewDisposeScope();
        var centred = kind == NormKind.Layer ? x - x.mean([-1], keepdim: true) : x;
        var scale = hooks.At(prefix + "hook_scale", centred.square().mean([-1], keepdim: true).add(epsilon).sqrt());
        var normalized = hooks.At(prefix + "hook_normalized", centred / scale);
        var y = normalized * Weight;
        return (Bias is { } shift ? y + shift : y).MoveToOuterDisposeScope();
    }
}
