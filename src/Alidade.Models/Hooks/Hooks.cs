using System.Text.RegularExpressions;
using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Models.Hooks;

/// <summary>
/// What a hook does with an activation: return null to leave it, or its replacement (same shape).
/// </summary>
/// <param name="activation">The value at the hook point; it belongs to the forward pass, so a hook that keeps it must clone or detach it.</param>
/// <param name="name">Full name of the hook point, such as <c>blocks.3.hook_resid_pre</c>.</param>
public delegate Tensor? Hook(Tensor activation, string name);

/// <summary>
/// The hooks of one model. Names are TransformerLens' (<c>blocks.3.attn.hook_pattern</c>); a <c>*</c> stands for any part of a name.
/// While any hook is registered the decoder takes the explicit path, in which every activation exists; otherwise the fused one.
/// </summary>
/// <remarks>Not thread safe, like the model itself. Shapes: residual [batch, position, width]; q, k, v, z [batch, position, head, head size];
/// scores and pattern [batch, head, query, key].</remarks>
public sealed class ModelHooks
{
    private readonly List<Registration> registrations = [];
    private readonly Dictionary<string, Registration[]> matching = new(StringComparer.Ordinal);
    private readonly HashSet<string> known;

    internal ModelHooks(IEnumerable<string> names) => known = [.. names];

    /// <summary>Names of all hook points of the model, in the order of a forward pass.</summary>
    public IReadOnlyCollection<string> Names => known;

    /// <summary>True when a hook is registered.</summary>
    public bool Any => registrations.Count > 0;

    /// <summary>Registers a hook until the returned scope is disposed; hooks run in the order of registration.</summary>
    /// <param name="pattern">A hook point's name, or a pattern with <c>*</c>.</param>
    /// <param name="hook">What to do there.</param>
    /// <exception cref="AlidadeException">The model has no such hook point.</exception>
    public IDisposable Add(string pattern, Hook hook)
    {
        var regex = new Regex("^" + Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.CultureInvariant);
        if (!known.Any(regex.IsMatch))
            throw new AlidadeException($"no hook point matches '{pattern}'; the first block has {string.Join(", ", known.Where(n => n.StartsWith("blocks.0.", StringComparison.Ordinal)))}");
        var registration = new Registration(this, regex, hook);
        registrations.Add(registration);
        matching.Clear();
        return registration;
    }

    internal ReadOnlySpan<Registration> Of(string name)
    {
        if (!matching.TryGetValue(name, out var found))
            matching[name] = found = [.. registrations.Where(r => r.Pattern.IsMatch(name))];
        return found;
    }

    internal sealed record Registration(ModelHooks Owner, Regex Pattern, Hook Hook) : IDisposable
    {
        public void Dispose()
        {
            Owner.registrations.Remove(this);
            Owner.matching.Clear();
        }

        public bool Equals(Registration? other) => ReferenceEquals(this, other);

        public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);
    }
}

/// <summary>The hooks during one forward pass.</summary>
internal readonly struct HookRun(ModelHooks hooks)
{
    /// <summary>True when a hook wants this point; for values that are computed only on demand.</summary>
    public bool Wants(string name) => !hooks.Of(name).IsEmpty;

    /// <summary>Runs the hooks of a point and returns the value to go on with.</summary>
    public Tensor At(string name, Tensor value)
    {
        foreach (var registration in hooks.Of(name))
        {
            if (registration.Hook(value, name) is not { } replacement)
                continue;
            if (!replacement.shape.AsSpan().SequenceEqual(value.shape))
                throw new AlidadeException($"a hook at '{name}' returned shape [{string.Join(", ", replacement.shape)}], it must be [{string.Join(", ", value.shape)}]");
            value = replacement;
        }

        return value;
    }
}
