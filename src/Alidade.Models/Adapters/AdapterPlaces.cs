using Alidade.Core;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>Everything in a model that an adapter can change, and the adapter that does.</summary>
/// <param name="model">The model's name, for messages.</param>
/// <param name="modules">The modules with a weight that can be updated, as a forward pass meets them.</param>
/// <param name="projections">Those of them that are projections of a block.</param>
/// <param name="slots">The places of all tensors.</param>
/// <param name="width">Size of the hidden states, for a scoring head that the model does not have.</param>
internal sealed class AdapterPlaces(string model, IEnumerable<AdaptableModule> modules, IEnumerable<AdaptableModule> projections, IReadOnlyDictionary<string, WeightSlot> slots, int width)
{
    private readonly HashSet<AdaptableModule> projections = [.. projections];
    private readonly Dictionary<string, WeightSlot> slots = new(slots, StringComparer.Ordinal);

    public OrderedDictionary<string, AdaptableModule> Modules { get; } = new(modules.Select(m => KeyValuePair.Create(m.Name, m)), StringComparer.Ordinal);

    public IReadOnlyDictionary<string, WeightSlot> Slots => slots;

    /// <summary>The adapter in use; null when the model is the bare base.</summary>
    public LoraAdapter? Current { get; private set; }

    public bool IsProjection(AdaptableModule module) => projections.Contains(module);

    public void AddSlot(string name, WeightSlot slot) => slots.Add(name, slot);

    /// <summary>Puts an adapter in place of the one in use, which stays when the new one does not fit.</summary>
    public void Switch(LoraAdapter? adapter)
    {
        if (adapter is not null && adapter != Current)
            Check(adapter);
        PutBack(adapter);
    }

    /// <summary>Puts an adapter that has been in use before in place of the one that is.</summary>
    public void PutBack(LoraAdapter? adapter)
    {
        if (adapter == Current)
            return;
        foreach (var module in Modules.Values)
            module.Update = adapter?.Factors.GetValueOrDefault(module.Name);
        foreach (var (name, slot) in slots)
            slot.Replacement = adapter?.Replacements.GetValueOrDefault(name);
        Current = adapter;
    }

    /// <summary>What the changed tensors are with an adapter, one by one; the caller disposes them.</summary>
    public IEnumerable<(string Name, Tensor Value)> Merged(LoraAdapter adapter)
    {
        Check(adapter);
        foreach (var (name, slot) in slots)
        {
            var value = adapter.Replacements.GetValueOrDefault(name);
            if (name.EndsWith(".weight", StringComparison.Ordinal) && adapter.Factors.TryGetValue(PeftNames.ModuleOf(name), out var factors))
                yield return (name, Merge(factors, value, slot, Modules[PeftNames.ModuleOf(name)].InputMajor));
            else if (value is not null)
                yield return (name, Copy(value));
        }

        if (ScoringHeadOf(adapter) is { } head)
            yield return (ScoringConfig.WeightName, Copy(head));
    }

    /// <summary>The scoring head that an adapter brings to a model without one.</summary>
    public Tensor? ScoringHeadOf(LoraAdapter adapter) => slots.ContainsKey(ScoringConfig.WeightName) ? null : adapter.Replacements.GetValueOrDefault(ScoringConfig.WeightName);

    /// <summary>Holds an adapter against the model.</summary>
    /// <exception cref="AlidadeException">It was made for another base; the first layer that does not fit is named, with both sizes.</exception>
    public void Check(LoraAdapter adapter)
    {
        foreach (var (name, factors) in adapter.Factors)
        {
            if (!Modules.TryGetValue(name, out var module))
                throw Other(adapter, $"updates '{name}', which {model} does not have");
            if (factors.A.size(1) != module.Inputs || factors.B.size(0) != module.Outputs)
                throw Other(adapter, $"at '{name}' is {factors.A.size(1)} → {factors.B.size(0)}, the layer of {model} is {module.Inputs} → {module.Outputs}");
        }

        var head = ScoringHeadOf(adapter);
        if (head is not null && (head.dim() != 2 || head.size(1) != width))
            throw Other(adapter, $"holds '{ScoringConfig.WeightName}' of shape [{string.Join(", ", head.shape)}], that of {model} must be [labels, {width}]");
        foreach (var (name, value) in adapter.Replacements)
        {
            if (ReferenceEquals(value, head))
                continue;
            if (!slots.TryGetValue(name, out var slot))
                throw Other(adapter, $"holds '{name}', which {model} does not have");
            if (!value.shape.SequenceEqual(slot.Shape))
                throw Other(adapter, $"holds '{name}' of shape [{string.Join(", ", value.shape)}], that of {model} is [{string.Join(", ", slot.Shape)}]");
        }
    }

    // In a scope, because a packed weight is decoded into a tensor of its own.
    private static Tensor Merge(LoraFactors factors, Tensor? value, WeightSlot slot, bool inputMajor)
    {
        using var scope = NewDisposeScope();
        return factors.Merge(value ?? slot.Own, inputMajor).MoveToOuterDisposeScope();
    }

    private static Tensor Copy(Tensor value)
    {
        using var plain = value.detach();
        return plain.clone();
    }

    private static AlidadeException Other(LoraAdapter adapter, string what) => new($"adapter '{adapter.Name}' {what}; it was made for another base");
}
