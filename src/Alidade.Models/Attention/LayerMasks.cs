using Alidade.Models.Architecture;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>
/// What is added to the scores of one forward pass: −∞ where a query does not see a key, and ALiBi's slopes. One mask for each window that the layers have.
/// A window counts positions of the text, so padding and branches do not change what it holds.
/// </summary>
internal sealed class LayerMasks : IDisposable
{
    private readonly DecoderConfig config;
    private readonly long length;
    private readonly Tensor? shared;
    private readonly Dictionary<int, Tensor> made = [];

    /// <param name="config">The architecture.</param>
    /// <param name="length">Longest position plus one; a window of this size or more bounds nothing.</param>
    /// <param name="visible">[rows, 1, queries, keys], 0 where a query sees a key and −∞ elsewhere, not owned; null when positions alone say it.</param>
    /// <param name="queries">Positions of the queries, [rows, queries].</param>
    /// <param name="keys">Positions of the keys, [rows, keys]; asked for only where the layers need them.</param>
    /// <param name="dtype">Number type of the scores.</param>
    public LayerMasks(DecoderConfig config, long length, Tensor? visible, Tensor queries, Func<Tensor> keys, ScalarType dtype)
    {
        (this.config, this.length, shared) = (config, length, visible);
        var windows = Enumerable.Range(0, config.Layers).Select(WindowOf).Distinct().ToArray();
        if (windows is [0] && !config.Alibi && config.ScoreCap is null)
            return;
        using var scope = NewDisposeScope();
        var distance = keys().unsqueeze(-2).sub(queries.unsqueeze(-1)).unsqueeze(1);
        var seen = visible ?? zeros_like(distance, dtype).masked_fill_(distance.gt(Scalars.Of(0L)), Scalars.MinusInfinity);
        var sloped = config.Alibi ? seen.Plus(Slopes(config.Heads).to(dtype).to(seen.device) * distance) : seen;
        foreach (var window in windows)
            made.Add(window, (window == 0 ? sloped.alias() : sloped.masked_fill(distance.le(Scalars.Of((long)-window)), Scalars.MinusInfinity)).DetachFromDisposeScope());
    }

    /// <summary>The mask of a layer, which broadcasts to [rows, heads, queries, keys]; null for the plain rule.</summary>
    public Tensor? Of(int layer) => made.Count == 0 ? shared : made[WindowOf(layer)];

    /// <summary>Whether all layers have what is visible, and nothing more.</summary>
    public bool ArePlain => made.Count == 0;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var mask in made.Values)
            mask.Dispose();
    }

    /// <summary>The slope of each head, [1, heads, 1, 1]: 2^(−8i/n) for the n heads of a power of two, and every second one of the next power between them.</summary>
    /// <remarks>Press et al. 2022 (arXiv 2108.12409), section 3, and their published code for other numbers of heads.</remarks>
    internal static Tensor Slopes(int heads)
    {
        var power = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)heads + 1) / 2;
        var slopes = Enumerable.Range(1, power).Select(i => Math.Pow(2, -8.0 * i / power))
            .Concat(Enumerable.Range(0, heads - power).Select(i => Math.Pow(2, -4.0 * ((2 * i) + 1) / power)));
        return tensor(slopes.Select(s => (float)s).ToArray(), [1, heads, 1, 1]);
    }

    // 0 for a layer that sees everything.
    private int WindowOf(int layer) => config.WindowOf(layer) is { } window && window < length ? window : 0;
}
