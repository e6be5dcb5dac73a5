using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Hooks;

/// <summary>Activations of one forward pass by the name of their hook point, detached from the graph.</summary>
public sealed class ActivationCache : IDisposable
{
    private readonly Dictionary<string, Tensor> values = new(StringComparer.Ordinal);

    private ActivationCache()
    {
    }

    /// <summary>Names held, in the order of the forward pass.</summary>
    public IReadOnlyCollection<string> Names => values.Keys;

    /// <summary>The activation at a hook point; it belongs to the cache.</summary>
    /// <exception cref="AlidadeException">It was not kept.</exception>
    public Tensor this[string name] => values.TryGetValue(name, out var value)
        ? value
        : throw new AlidadeException($"'{name}' was not kept; the cache holds {values.Count} activations, such as {string.Join(", ", values.Keys.Take(3))}");

    /// <summary>Runs <paramref name="forward"/> and keeps every activation whose name matches one of <paramref name="patterns"/>.</summary>
    public static ActivationCache Record(ModelHooks hooks, IEnumerable<string> patterns, Action forward)
    {
        var cache = new ActivationCache();
        var scopes = new List<IDisposable>();
        try
        {
            foreach (var pattern in patterns)
                scopes.Add(hooks.Add(pattern, cache.Keep));
            forward();
            return cache;
        }
        catch
        {
            cache.Dispose();
            throw;
        }
        finally
        {
            scopes.ForEach(s => s.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var value in values.Values)
            value.Dispose();
        values.Clear();
    }

    private Tensor? Keep(Tensor activation, string name)
    {
        if (values.Remove(name, out var earlier))
            earlier.Dispose();
        using var detached = activation.detach();
        values[name] = detached.clone().DetachFromDisposeScope();
        return null;
    }
}
