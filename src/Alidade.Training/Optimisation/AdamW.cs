using Alidade.Core;
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
/// is left alone. Norms and biases do not decay (<see cref="Decays"/>). Moments are float32, or float64 for float64 parameters.
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
        slots = [.. parameters.Select(p => new Slot(p.Name, p.Value, Decays(p.Name), Moment(p.Value), Moment(p.Value)))];
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
        using var noGrad = no_grad();
        foreach (var slot in slots)
        {
            using var scope = NewDisposeScope();
            if (slot.Parameter.grad is not { } gradient)
                continue;
            slot.Steps++;
            Update(slot, gradient, learningRate);
        }
    }

    /// <summary>What a checkpoint keeps: <c>NAME.exp_avg</c>, <c>NAME.exp_avg_sq</c> and <c>NAME.step</c> (int64, [1]). The caller owns the step counts.</summary>
    public IEnumerable<(string Name, Tensor Value)> State()
    {
        foreach (var slot in slots)
        {
            yield return (slot.Name + ".exp_avg", slot.First);
            yield return (slot.Name + ".exp_avg_sq", slot.Second);
            yield return (slot.Name + ".step", tensor(new[] { slot.Steps }));
        }
    }

    /// <summary>Continues from <see cref="State"/>.</summary>
    /// <exception cref="AlidadeException">A tensor is missing or has another shape.</exception>
    public void Load(IReadOnlyDictionary<string, Tensor> state)
    {
        using var noGrad = no_grad();
        foreach (var slot in slots)
        {
            slot.First.copy_(Find(state, slot.Name + ".exp_avg", slot.First));
            slot.Second.copy_(Find(state, slot.Name + ".exp_avg_sq", slot.Second));
            slot.Steps = Find(state, slot.Name + ".step", null).cpu().data<long>()[0];
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var slot in slots)
        {
            slot.First.Dispose();
            slot.Second.Dispose();
        }
    }

    // In torch's order of operations, so that float32 agrees to rounding.
    private void Update(Slot slot, Tensor gradient, double learningRate)
    {
        var g = gradient.to(slot.First.dtype);
        if (slot.Decays && options.WeightDecay != 0)
            slot.Parameter.mul_(1 - (learningRate * options.WeightDecay));
        slot.First.mul_(options.Beta1).add_(g, 1 - options.Beta1);
        slot.Second.mul_(options.Beta2).addcmul_(g, g, 1 - options.Beta2);
        var correction1 = 1 - Math.Pow(options.Beta1, slot.Steps);
        var correction2 = Math.Sqrt(1 - Math.Pow(options.Beta2, slot.Steps));
        var denominator = (slot.Second.sqrt() / correction2).add_(options.Epsilon);
        slot.Parameter.sub_((slot.First / denominator).mul_(learningRate / correction1).to(slot.Parameter.dtype));
    }

    private static Tensor Moment(Tensor parameter) =>
        zeros_like(parameter, parameter.dtype == ScalarType.Float64 ? ScalarType.Float64 : ScalarType.Float32).DetachFromDisposeScope();

    private static Tensor Find(IReadOnlyDictionary<string, Tensor> state, string name, Tensor? like)
    {
        if (!state.TryGetValue(name, out var value))
            throw new AlidadeException($"the optimiser's state has no tensor '{name}'; the checkpoint belongs to another model or adapter");
        if (like is not null && !value.shape.SequenceEqual(like.shape))
            throw new AlidadeException($"the optimiser's '{name}' has shape [{string.Join(", ", value.shape)}], the parameter [{string.Join(", ", like.shape)}]; the checkpoint belongs to another model");
        return value;
    }

    private static void Check(AdamWOptions options)
    {
        if (options.Beta1 is not (>= 0 and < 1) || options.Beta2 is not (>= 0 and < 1))
            throw new AlidadeException($"AdamW's betas are {options.Beta1} and {options.Beta2}; both must be at least 0 and below 1");
        if (!(options.Epsilon >= 0) || !(options.WeightDecay >= 0))
            throw new AlidadeException($"AdamW's epsilon is {options.Epsilon} and its weight decay {options.WeightDecay}; both must be at least 0");
    }

    private sealed class Slot(string name, Tensor parameter, bool decays, Tensor first, Tensor second)
    {
        public string Name { get; } = name;

        public Tensor Parameter { get; } = parameter;

        public bool Decays { get; } = decays;

        public Tensor First { get; } = first;

        public Tensor Second { get; } = second;

        public long Steps { get; set; }
    }
}
