using Alidade.Models.Hooks;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>A norm over the last dimension; see <see cref="NormKind"/>.</summary>
/// <param name="kind">What is normalised.</param>
/// <param name="epsilon">ε.</param>
/// <param name="width">Size of the last dimension.</param>
/// <param name="weight">The gain as the family stores it, [width]; null for none.</param>
/// <param name="bias">The shift, [width]; null for none.</param>
/// <param name="offset">What is added to the stored gain.</param>
internal sealed class Norm(NormKind kind, double epsilon, long width, WeightSlot? weight, WeightSlot? bias, double offset = 0)
{
    private readonly long[] shape = [width];

    /// <summary>What is normalised.</summary>
    public NormKind Kind => kind;

    /// <summary>The gain as the family stores it, without <see cref="Offset"/>.</summary>
    public Tensor? Weight => weight?.Value;

    /// <summary>The shift.</summary>
    public Tensor? Bias => bias?.Value;

    /// <summary>What is added to the stored gain.</summary>
    public double Offset => offset;

    /// <param name="x">[.., width].</param>
    /// <param name="tape">What is kept for backward; null where the graph keeps all.</param>
    /// <returns>[.., width].</returns>
    public Tensor Apply(Tensor x, BlockTape? tape = null)
    {
        using var scope = NewDisposeScope();
        if (Kind == NormKind.Layer)
            return nn.functional.layer_norm(x, shape, Gain(), Bias, epsilon).MoveToOuterDisposeScope();
        if (tape is { IsRewound: true })
            return RmsNormalized.Of(x, Gain(), epsilon).MoveToOuterDisposeScope();
        var normalized = x.mul(RmsNormalized.Inverse(x, epsilon));
        return (Gain() is { } gain ? normalized.mul(gain) : normalized).MoveToOuterDisposeScope();
    }

    /// <summary>The same in steps, with <c>hook_scale</c> (√(var + ε) or √(mean x² + ε)) and <c>hook_normalized</c> (before gain and shift).</summary>
    public Tensor Apply(Tensor x, HookRun hooks, string prefix)
    {
        using var scope = NewDisposeScope();
        var centred = Kind == NormKind.Layer ? x - x.mean([-1], keepdim: true) : x;
        var scale = hooks.At(prefix + "hook_scale", centred.square().mean([-1], keepdim: true).add(epsilon).sqrt());
        var y = hooks.At(prefix + "hook_normalized", centred / scale);
        if (Gain() is { } gain)
            y = y * gain;
        return (Bias is { } shift ? y + shift : y).MoveToOuterDisposeScope();
    }

    private Tensor? Gain() => Weight is { } gain && Offset != 0 ? gain.add(Scalars.Of(Offset), Scalars.One) : Weight;
}
