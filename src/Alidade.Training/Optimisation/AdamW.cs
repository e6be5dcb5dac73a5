using Alidade.Core;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Optimisation;

/// <summary>Settings of <see cref="AdamW"/>; the learning rate comes from a <see cref="Schedule"/>.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay β₁ of the first moment. Default 0.9, as torch.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay β₂ of the second moment. Default 0.999, as torch.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>ε, added outside the root. Default 1e-8, as torch.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Weight decay λ, decoupled. Default 0, as transformers' trainer.</summary>
    public double WeightDecay { get; init; }
}

/// <summary>
/// AdamW: p ← p(1 − ηλ); m ← β₁m + (1 − β₁)g; v ← β₂v + (1 − β₂)g²; p ← p − η·m̂ / (√v̂ + ε), both moments bias-corrected.
/// </summary>
/// <remarks>
/// Loshchilov and Hutter 2019 (arXiv 1711.05101), algorithm 2. A parameter whose gradient is zero still decays and its moments still shrink; one without a gradient
/// is left alone. Norms and biases do not decay (<see cref="Decays"/>). Moments have the parameter's number type.
/// </remarks>
public sealed class AdamW : IDisposable
{
    private readonly AdamWOptions options;
    private readonly List<Slot> slots;

    /// <summary>Begins with zero moments.</summary>
    /// <param name="parameters">What is trained, by name; changed in place.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="AlidadeException">A setting is out of its range.</exception>
    public AdamW(IEnumerable<(string Name, Tensor Value)> parameters, AdamWOptions? options = null)
    {
        this.options = options ?? new();
        Check(this.options);
        slots = [];
        foreach (var group in parameters.GroupBy(p => (p.Value.dtype, Device: p.Value.device.ToString())))
        {
            var device = group.First().Value.device;
            using var moments = new Slab(2 * group.Sum(p => p.Value.numel()), group.Key.dtype, device);
            using var scope = NewDisposeScope();
            Tensor Moment(Tensor parameter) => moments.Take(parameter.shape).zero_().DetachFromDisposeScope();
            foreach (var (name, value) in group)
                slots.Add(new(name, value, Decays(name), Moment(value), Moment(value), zeros([], ScalarType.Float32, device).DetachFromDisposeScope()));
        }
    }

    /// <summary>
    /// Whether weight decay applies to a parameter: not where its name contains "bias", "layernorm" or "rmsnorm", or has a dotted part that is "norm", ends with
    /// "_norm" or begins with "ln_" (GPT-2's LayerNorms). Embeddings, heads and LoRA factors decay.
    /// </summary>
    /// <remarks>The rule of transformers' <c>get_decay_parameter_names</c>.</remarks>
    public static bool Decays(string name)
    {
        var lower = name.ToLowerInvariant();
        if (lower.Contains("bias", StringComparison.Ordinal) || lower.Contains("layernorm", StringComparison.Ordinal) || lower.Contains("rmsnorm", StringComparison.Ordinal))
            return false;
        return !lower.Split('.').Any(p => p == "norm" || p.EndsWith("_norm", StringComparison.Ordinal) || p.StartsWith("ln_", StringComparison.Ordinal));
    }

    /// <summary>One update of every parameter that has a gradient.</summary>
    /// <param name="learningRate">η of this update.</param>
    public void Step(double learningRate)
    {
        using var scope = NewDisposeScope();
        // The native kernel takes one weight decay at a time.
        foreach (var group in slots.Select(s => (Slot: s, Gradient: s.Parameter.grad)).Where(p => p.Gradient is not null).GroupBy(p => p.Slot.Decays))
        {
            Slot[] moved = [.. group.Select(p => p.Slot)];
            Interop.FusedAdamW(
                [.. moved.Select(s => s.Parameter)], [.. group.Select(p => p.Gradient!)], [.. moved.Select(s => s.First)], [.. moved.Select(s => s.Second)],
                [.. moved.Select(s => s.Steps)], learningRate, options.Beta1, options.Beta2, group.Key ? options.WeightDecay : 0, options.Epsilon);
        }
    }

    /// <summary>What a checkpoint keeps: <c>NAME.exp_avg</c>, <c>NAME.exp_avg_sq</c> and <c>NAME.step</c> (of shape []). The tensors stay the optimiser's.</summary>
    public IEnumerable<(string Name, Tensor Value)> State() =>
        slots.SelectMany(s => new[] { (s.Name + ".exp_avg", s.First), (s.Name + ".exp_avg_sq", s.Second), (s.Name + ".step", s.Steps) });

    /// <summary>Continues from <see cref="State"/>.</summary>
    /// <exception cref="AlidadeException">A tensor is missing or has another shape.</exception>
    public void Load(IReadOnlyDictionary<string, Tensor> state)
    {
        using var noGrad = no_grad();
        foreach (var (name, value) in State())
        {
            if (!state.TryGetValue(name, out var kept))
                throw new AlidadeException($"the optimiser's state has no tensor '{name}'; the checkpoint belongs to another model or adapter");
            if (!kept.shape.SequenceEqual(value.shape))
                throw new AlidadeException($"the optimiser's '{name}' has shape [{string.Join(", ", kept.shape)}], not [{string.Join(", ", value.shape)}]; the checkpoint belongs to another model");
            value.copy_(kept);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (_, value) in State())
            value.Dispose();
    }

    /// <summary>Says what is out of its range.</summary>
    internal static void Check(AdamWOptions options)
    {
        if (options.Beta1 is not (>= 0 and < 1) || options.Beta2 is not (>= 0 and < 1))
            throw new AlidadeException($"AdamW's betas are {options.Beta1} and {options.Beta2}; both must be at least 0 and below 1");
        if (!(options.Epsilon >= 0) || !(options.WeightDecay >= 0))
            throw new AlidadeException($"AdamW's epsilon is {options.Epsilon} and its weight decay {options.WeightDecay}; both must be at least 0");
    }

    private sealed record Slot(string Name, Tensor Parameter, bool Decays, Tensor First, Tensor Second, Tensor Steps);
}
