using Alidade.Core;
using Alidade.Models.Adapters;
using Alidade.Models.Attention;
using Alidade.Models.Native;

namespace Alidade.Models.Generation;

/// <summary>A row of a cache and how many of its first tokens are of use.</summary>
internal readonly record struct KnownPrefix(CachedAttention? Cache, int Row, int Tokens);

/// <summary>
/// Keys and values of the last texts, so that the next turn of a conversation, or another prompt with the same beginning, runs only over what is new.
/// </summary>
/// <remarks>What is kept belongs to one model with one adapter and to the weights as they are: it is dropped when another adapter is in use or when any weight
/// has changed. Results equal those without it up to rounding. Nothing is kept for models whose rotary frequencies depend on the length of the text.</remarks>
/// <param name="mostTokens">Tokens to keep; the least recently used texts are dropped first. A token takes 2 · layers · key heads · head size numbers.</param>
public sealed class PrefixCache(int mostTokens) : IDisposable
{
    // Most recently used last.
    private readonly List<(int[] Tokens, CachedAttention Cache)> entries = [];
    private (CausalLM Model, LoraAdapter? Adapter, long Version)? owner;

    /// <summary>Tokens that are kept.</summary>
    public int Tokens => entries.Sum(e => e.Tokens.Length);

    /// <summary>Tokens of prompts that were taken from here and not read again.</summary>
    public long TokensReused { get; internal set; }

    /// <summary>Drops everything.</summary>
    public void Clear()
    {
        foreach (var (_, cache) in entries)
            cache.Dispose();
        entries.Clear();
    }

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>How many tokens two texts begin with in common.</summary>
    internal static int Common(IReadOnlyList<int> a, IReadOnlyList<int> b, int most)
    {
        most = Math.Min(most, Math.Min(a.Count, b.Count));
        var common = 0;
        while (common < most && a[common] == b[common])
            common++;
        return common;
    }

    /// <summary>The longest beginning of a prompt that is kept; it stays valid until the next <see cref="Keep"/>.</summary>
    internal KnownPrefix Find(CausalLM model, IReadOnlyList<int> prompt, int most)
    {
        CheckOwner(model);
        var (best, tokens) = (-1, 0);
        for (var i = 0; i < entries.Count; i++)
            if (Common(entries[i].Tokens, prompt, most) is var common && common > tokens)
                (best, tokens) = (i, common);
        if (best < 0)
            return default;
        var entry = entries[best];
        entries.RemoveAt(best);
        entries.Add(entry);
        return new(entry.Cache, 0, tokens);
    }

    /// <summary>Keeps what a row holds.</summary>
    internal void Keep(CausalLM model, IReadOnlyList<int> tokens, CachedAttention attention, int row)
    {
        var held = attention.LengthOf(row);
        if (held > mostTokens || model.Config.Rotary is { DependsOnLength: true })
            return;
        CheckOwner(model);
        if (model.Hooks.Any)
            return;
        int[] kept = [.. tokens.Take(held)];
        if (entries.Any(e => Common(e.Tokens, kept, held) == held))
            return;
        Drop(e => Common(e.Tokens, kept, held) == e.Tokens.Length);
        while (Tokens + held > mostTokens)
            Drop(e => e == entries[0]);
        entries.Add((kept, attention.Copy(row, held, [0], held)));
    }

    private void Drop(Predicate<(int[] Tokens, CachedAttention Cache)> which)
    {
        foreach (var entry in entries.FindAll(which))
        {
            entry.Cache.Dispose();
            entries.Remove(entry);
        }
    }

    // Every change of a tensor in place counts up its version, so the sum tells whether any weight has changed.
    private void CheckOwner(CausalLM model)
    {
        var version = model.Tensors.Concat(model.Adapter?.Parameters.Select(p => p.Value) ?? []).Sum(Interop.Version);
        // What a hook changed is in the keys and values too.
        if (owner != (model, model.Adapter, version) || model.Hooks.Any)
            Clear();
        owner = (model, model.Adapter, version);
    }
}
