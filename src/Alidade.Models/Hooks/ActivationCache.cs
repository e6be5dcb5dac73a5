using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Hooks;

/// <summary>Activations of one forward pass, or gradients of one backward pass, by the name of their hook point; detached from the graph.</summary>
public sealed class ActivationCache : IDisposable
{
    private readonly Dictionary<string, Tensor> values = new(StringComparer.Ordinal);
    private readonly ModelHooks hooks;

    private ActivationCache(ModelHooks hooks) => this.hooks = hooks;

    /// <summary>Names held, in the order in which the pass met them.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>The activation at a hook point; it belongs to the cache.</summary>
    /// <exception cref="AlidadeException">It was not kept.</exception>
    public Tensor this[string name] => values.TryGetValue(name, out var value)
        ? value
        : throw new AlidadeException($"'{name}' was not kept; the cache holds {values.Count} activations, such as {string.Join(", ", values.Keys.Take(3))}");

    /// <summary>The activation at a block's hook point by its short name, as in <c>cache["resid_post", -1]</c>; see <see cref="ModelHooks.NameOf"/>.</summary>
    /// <exception cref="AlidadeException">The block has no such point, or several, or it was not kept.</exception>
    public Tensor this[string point, int layer] => this[hooks.NameOf(point, layer)];

    /// <summary>Runs <paramref name="forward"/> and keeps every activation whose name matches one of <paramref name="patterns"/>.</summary>
    /// <param name="hooks">The model's hooks.</param>
    /// <param name="patterns">Names of hook points, or patterns with <c>*</c>.</param>
    /// <param name="forward">The forward pass.</param>
    /// <exception cref="AlidadeException">A pattern matches no hook point.</exception>
    public static ActivationCache Record(ModelHooks hooks, IEnumerable<string> patterns, Action forward)
    {
        var cache = new ActivationCache(hooks);
        Run(cache, null, patterns, forward);
        return cache;
    }

    /// <summary>
    /// Runs a forward and a backward pass and keeps, at every matching point, the activation a and the gradient ∂loss/∂a. Weights need not ask for a gradient.
    /// </summary>
    /// <param name="hooks">The model's hooks.</param>
    /// <param name="patterns">Names of hook points, or patterns with <c>*</c>.</param>
    /// <param name="loss">The forward pass, down to one number.</param>
    /// <returns>Both caches; a point on which the loss does not depend has no gradient.</returns>
    /// <exception cref="AlidadeException">A pattern matches no hook point, the loss is not one number, or it has no graph.</exception>
    public static (ActivationCache Activations, ActivationCache Gradients) RecordWithGradients(ModelHooks hooks, IEnumerable<string> patterns, Func<Tensor> loss)
    {
        var (activations, gradients) = (new ActivationCache(hooks), new ActivationCache(hooks));
        Run(activations, gradients, patterns, () =>
        {
            using var scope = NewDisposeScope();
            hooks.Backward(loss());
        });
        return (activations, gradients);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in values.Values)
            value.Dispose();
        values.Clear();
    }

    private static void Run(ActivationCache activations, ActivationCache? gradients, IEnumerable<string> patterns, Action pass)
    {
        var scopes = new List<IDisposable>();
        try
        {
            foreach (var pattern in patterns)
            {
                scopes.Add(activations.hooks.Add(pattern, activations.Keep));
                if (gradients is not null)
                    scopes.Add(gradients.hooks.AddGradient(pattern, gradients.Keep));
            }

            pass();
        }
        catch
        {
            activations.Dispose();
            gradients?.Dispose();
            throw;
        }
        finally
        {
            scopes.ForEach(s => s.Dispose());
        }
    }

    private Tensor? Keep(Tensor value, string name)
    {
        if (values.Remove(name, out var earlier))
            earlier.Dispose();
        using var detached = value.detach();
        values[name] = detached.clone().DetachFromDisposeScope();
        return null;
    }
}
