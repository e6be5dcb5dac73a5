using System.Diagnostics.CodeAnalysis;
using System.Runtime.ExceptionServices;
using System.Text.RegularExpressions;
using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Models.Hooks;

/// <summary>
/// What a hook does with an activation, or with the gradient of a loss with respect to it: return null to leave it, or its replacement (same shape).
/// </summary>
/// <param name="value">The value at the hook point; it belongs to the pass, so a hook that keeps it must clone or detach it.</param>
/// <param name="name">Full name of the hook point, such as <c>blocks.3.hook_resid_pre</c>.</param>
public delegate Tensor? Hook(Tensor value, string name);

/// <summary>
/// The hooks of one model. Names are TransformerLens' (<c>blocks.3.attn.hook_pattern</c>); a <c>*</c> stands for any part of a name.
/// While any hook is registered the decoder takes the explicit path, in which every activation exists; otherwise the fused one.
/// </summary>
/// <remarks>
/// <para>Not thread safe, like the model itself. Shapes: residual [batch, position, width]; q, k, v, z [batch, position, head, head size], keys and values as few
/// as the architecture has; scores and pattern [batch, head, query, key].</para>
/// <para>While text is generated a pass covers the new tokens alone: the prompt at first, then one position a token. Scores and patterns cover all keys.</para>
/// <para><c>hook_q_input</c>, <c>hook_k_input</c>, <c>hook_v_input</c> and, where each head has keys of its own, <c>hook_attn_in</c> hold the residual stream once
/// for each head, [batch, position, head, width], before the norm. A replacement there goes through the norm without the norm's own hooks.</para>
/// </remarks>
public sealed class ModelHooks
{
    private readonly List<Registration> registrations = [];
    private readonly Dictionary<string, Registration[]> matching = new(StringComparer.Ordinal);
    private readonly HashSet<string> known;
    private ExceptionDispatchInfo? failure;

    internal ModelHooks(IEnumerable<string> names) => known = [.. names];

    /// <summary>Names of all hook points of the model, in the order of a forward pass.</summary>
    public IReadOnlyCollection<string> Names => known;

    /// <summary>True when a hook is registered.</summary>
    public bool Any => registrations.Count > 0;

    /// <summary>Registers a hook on activations until the returned scope is disposed; hooks run in the order of registration.</summary>
    /// <param name="pattern">A hook point's name, or a pattern with <c>*</c>.</param>
    /// <param name="hook">What to do there.</param>
    /// <exception cref="AlidadeException">The model has no such hook point.</exception>
    public IDisposable Add(string pattern, Hook hook) => Register(pattern, hook, ofGradient: false);

    /// <summary>
    /// Registers a hook on gradients until the returned scope is disposed: in a backward pass it is given ∂loss/∂activation, and what it returns flows on to
    /// everything before the point. Register it before the forward pass and run <see cref="Backward"/> while it is registered.
    /// </summary>
    /// <param name="pattern">A hook point's name, or a pattern with <c>*</c>.</param>
    /// <param name="hook">What to do there.</param>
    /// <exception cref="AlidadeException">The model has no such hook point.</exception>
    public IDisposable AddGradient(string pattern, Hook hook) => Register(pattern, hook, ofGradient: true);

    /// <summary>The backward pass of a loss, with an exception of a gradient hook passed on to the caller.</summary>
    /// <param name="loss">One number that depends on an activation with a gradient hook, or on weights that ask for a gradient.</param>
    /// <exception cref="AlidadeException">The loss is not one number, or has no graph.</exception>
    public void Backward(Tensor loss)
    {
        if (loss.numel() != 1)
            throw new AlidadeException($"a backward pass starts from one number, the loss has {loss.numel()}");
        if (!loss.requires_grad)
            throw new AlidadeException("the loss has no gradient: compute it outside no_grad, with gradient hooks registered or weights that ask for a gradient");
        failure = null;
        loss.backward();
        var thrown = failure;
        failure = null;
        thrown?.Throw();
    }

    /// <summary>The full name of a hook point from its short one, as in TransformerLens' cache: <c>("resid_post", -1)</c> is the last block's <c>hook_resid_post</c>.</summary>
    /// <param name="point">What stands behind <c>hook_</c>; with its module where several have it (<c>ln2.scale</c>).</param>
    /// <param name="layer">Number of the block; negative numbers count from the end.</param>
    /// <exception cref="AlidadeException">The block has no such point, or several.</exception>
    public string NameOf(string point, int layer)
    {
        var last = known.Where(n => n.StartsWith("blocks.", StringComparison.Ordinal)).Select(n => int.Parse(n.Split('.')[1], System.Globalization.CultureInfo.InvariantCulture)).Max();
        var number = layer < 0 ? last + 1 + layer : layer;
        if (number < 0 || number > last)
            throw new AlidadeException($"there is no block {layer}; the model has {last + 1}");
        var prefix = $"blocks.{number}.";
        var (module, name) = point.LastIndexOf('.') is >= 0 and var dot ? (point[..(dot + 1)], point[(dot + 1)..]) : ("", point);
        var end = $"{module}hook_{name}";
        string[] found = [.. known.Where(n => n.StartsWith(prefix, StringComparison.Ordinal) && (n == prefix + end || n.EndsWith("." + end, StringComparison.Ordinal)))];
        return found switch
        {
            [var one] => one,
            [] => throw new AlidadeException($"no hook point of a block is called '{point}'; there are {string.Join(", ", PointsOf(prefix))}"),
            _ => throw new AlidadeException($"'{point}' may be {string.Join(" or ", found.Select(f => f[prefix.Length..].Replace("hook_", "", StringComparison.Ordinal)))}; say which"),
        };
    }

    internal ReadOnlySpan<Registration> Of(string name)
    {
        if (!matching.TryGetValue(name, out var found))
            matching[name] = found = [.. registrations.Where(r => !r.OfGradient && r.Pattern.IsMatch(name))];
        return found;
    }

    internal bool WantsGradient(string name) => registrations.Exists(r => r.OfGradient && r.Pattern.IsMatch(name));

    /// <summary>Runs the gradient hooks of a point; an exception is kept for <see cref="Backward"/>.</summary>
    [SuppressMessage("Design", "CA1031:Do not catch general exception types", Justification = "An exception that leaves a backward pass ends the process.")]
    internal Tensor AtGradient(string name, Tensor gradient)
    {
        try
        {
            if (failure is null)
                foreach (var registration in registrations.Where(r => r.OfGradient && r.Pattern.IsMatch(name)).ToArray())
                    gradient = Replaced(registration.Hook(gradient, name), gradient, name);
        }
        catch (Exception e)
        {
            failure = ExceptionDispatchInfo.Capture(e);
        }

        return gradient;
    }

    internal static Tensor Replaced(Tensor? replacement, Tensor value, string name)
    {
        if (replacement is not null && !replacement.shape.AsSpan().SequenceEqual(value.shape))
            throw new AlidadeException($"a hook at '{name}' returned shape [{string.Join(", ", replacement.shape)}], it must be [{string.Join(", ", value.shape)}]");
        return replacement ?? value;
    }

    private Registration Register(string pattern, Hook hook, bool ofGradient)
    {
        var regex = new Regex("^" + Regex.Escape(pattern).Replace(@"\*", ".*", StringComparison.Ordinal) + "$", RegexOptions.CultureInvariant);
        if (!known.Any(regex.IsMatch))
            throw new AlidadeException($"no hook point matches '{pattern}'; the first block has {string.Join(", ", PointsOf("blocks.0."))}");
        var registration = new Registration(this, regex, hook, ofGradient);
        registrations.Add(registration);
        matching.Clear();
        return registration;
    }

    private IEnumerable<string> PointsOf(string prefix) => known.Where(n => n.StartsWith(prefix, StringComparison.Ordinal));

    internal sealed record Registration(ModelHooks Owner, Regex Pattern, Hook Hook, bool OfGradient) : IDisposable
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
    public bool Wants(string name) => !hooks.Of(name).IsEmpty || hooks.WantsGradient(name);

    /// <summary>Runs the hooks of a point and returns the value to go on with.</summary>
    public Tensor At(string name, Tensor value)
    {
        foreach (var registration in hooks.Of(name))
            value = ModelHooks.Replaced(registration.Hook(value, name), value, name);
        return hooks.WantsGradient(name) && is_grad_enabled() ? GradientTap.At(value, hooks, name) : value;
    }
}
