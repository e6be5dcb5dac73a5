using Alidade.Core;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Adapters;

/// <summary>
/// The weighted sum of adapters: every weight changes by Σ wᵢ ΔWᵢ, negative wᵢ allowed. Low-rank updates are laid side by side, B = [w₁s₁B₁ …] and A = [A₁; …], so
/// the sum is exact and has the ranks' sum as its rank; what is not low-rank (DoRA, biases, saved modules) is summed as a whole tensor.
/// </summary>
/// <remarks>
/// PEFT's combination "cat", and "svd" at full rank. PEFT's "linear" sums the factors and not the updates, so that B₁A₂ comes in, which nobody trained.
/// </remarks>
public static class AdapterSum
{
    /// <summary>Sums.</summary>
    /// <param name="model">The base.</param>
    /// <param name="name">What messages call the sum.</param>
    /// <param name="parts">Adapters and their weights.</param>
    /// <returns>An adapter of its own.</returns>
    /// <exception cref="AlidadeException">There is none, a weight is not finite, or one does not fit the model.</exception>
    public static LoraAdapter Of(CausalLM model, string name, params IReadOnlyList<(LoraAdapter Adapter, double Weight)> parts)
    {
        if (parts.Count == 0)
            throw new AlidadeException($"adapter '{name}' is a sum of no adapter; name at least one");
        if (parts.FirstOrDefault(p => !double.IsFinite(p.Weight)) is { Adapter: { } wrong } part)
            throw new AlidadeException($"adapter '{wrong.Name}' has weight {part.Weight} in a sum, it must be a finite number");
        foreach (var (adapter, _) in parts)
            model.Places.Check(adapter);
        using var noGrad = no_grad();
        // First, because it may refuse.
        var head = ScoringHead(model, parts);
        var factors = new OrderedDictionary<string, LoraFactors>(StringComparer.Ordinal);
        foreach (var module in model.Places.Modules.Keys)
        {
            (LoraFactors, double)[] updates = [.. parts.Where(p => IsLowRank(p.Adapter, module)).Select(p => (p.Adapter.Factors[module], p.Weight))];
            if (updates.Length > 0)
                factors.Add(module, SideBySide(updates));
        }

        var replacements = new OrderedDictionary<string, Tensor>(StringComparer.Ordinal);
        foreach (var (parameter, slot) in model.Places.Slots)
        {
            var changes = parts.Where(p => IsWhole(p.Adapter, parameter)).ToArray();
            if (changes.Length == 0)
                continue;
            using var scope = NewDisposeScope();
            var own = slot.Own;
            replacements.Add(parameter, LoraAdapter.Own(changes.Aggregate(own, (sum, part) => sum + ((Whole(model, part.Adapter, parameter, own) - own) * part.Weight))));
        }

        if (head is not null)
            replacements.Add(ScoringConfig.WeightName, head);
        return new(name, OptionsOf(factors), factors, replacements);
    }

    // A base without a scoring head counts as one whose head is zero, so that weights that add up to 1 average reward models (Ramé et al. 2024, WARM).
    private static Tensor? ScoringHead(CausalLM model, IReadOnlyList<(LoraAdapter Adapter, double Weight)> parts)
    {
        using var scope = NewDisposeScope();
        Tensor[] heads = [.. parts.Select(p => (Head: model.Places.ScoringHeadOf(p.Adapter), p.Weight)).Where(p => p.Head is not null).Select(p => p.Head! * p.Weight)];
        if (heads.Select(h => h.size(0)).Distinct().Count() > 1)
            throw new AlidadeException($"scoring heads with {string.Join(" and ", heads.Select(h => h.size(0)).Distinct())} labels have no sum");
        return heads.Length == 0 ? null : LoraAdapter.Own(heads.Aggregate((a, b) => a + b));
    }

    // A plain update of the base's own weight.
    private static bool IsLowRank(LoraAdapter adapter, string module) =>
        adapter.Factors.TryGetValue(module, out var factors) && factors.Magnitude is null && !adapter.Replacements.ContainsKey(module + ".weight");

    // Whether an adapter changes a tensor in a way that is not low-rank.
    private static bool IsWhole(LoraAdapter adapter, string parameter) =>
        adapter.Replacements.ContainsKey(parameter) || UpdateOf(adapter, parameter) is { Magnitude: not null };

    // The tensor with the adapter; own is what the base has.
    private static Tensor Whole(CausalLM model, LoraAdapter adapter, string parameter, Tensor own)
    {
        var value = adapter.Replacements.GetValueOrDefault(parameter, own);
        return UpdateOf(adapter, parameter) is { } factors ? factors.Merge(value, model.Places.Modules[PeftNames.ModuleOf(parameter)].InputMajor) : value;
    }

    private static LoraFactors? UpdateOf(LoraAdapter adapter, string parameter) =>
        parameter.EndsWith(".weight", StringComparison.Ordinal) ? adapter.Factors.GetValueOrDefault(PeftNames.ModuleOf(parameter)) : null;

    private static LoraFactors SideBySide((LoraFactors Factors, double Weight)[] updates)
    {
        using var scope = NewDisposeScope();
        var a = cat([.. updates.Select(u => u.Factors.A)], 0);
        var b = cat([.. updates.Select(u => u.Factors.B * (u.Weight * u.Factors.Scale))], 1);
        return new(LoraAdapter.Own(a), LoraAdapter.Own(b), 1) { OfEmbedding = updates[0].Factors.OfEmbedding };
    }

    // Scale 1 is α = r; where ranks differ from module to module, the patterns say so.
    private static LoraOptions OptionsOf(OrderedDictionary<string, LoraFactors> factors)
    {
        var ranks = factors.ToDictionary(f => f.Key, f => (int)f.Value.A.size(0), StringComparer.Ordinal);
        var most = ranks.Count == 0 ? 1 : ranks.Values.GroupBy(r => r).MaxBy(g => g.Count())!.Key;
        var others = ranks.Where(r => r.Value != most).ToArray();
        return new()
        {
            Rank = most,
            Alpha = most,
            Targets = [.. factors.Keys],
            RankPattern = others.ToDictionary(r => System.Text.RegularExpressions.Regex.Escape(r.Key), r => r.Value, StringComparer.Ordinal),
            AlphaPattern = others.ToDictionary(r => System.Text.RegularExpressions.Regex.Escape(r.Key), r => (double)r.Value, StringComparer.Ordinal),
        };
    }
}
