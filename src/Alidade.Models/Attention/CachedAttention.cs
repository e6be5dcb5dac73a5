using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>
/// Attention with a preallocated cache of keys and values, for generation. Rows are padded on the left, so that all of them end at the same place.
/// </summary>
internal sealed class CachedAttention : IAttention
{
    private readonly int headsPerKey;
    private readonly Tensor[] keys;
    private readonly Tensor[] values;
    private int[] padding;
    private Tensor positions;
    private Tensor? mask;
    private int incoming;

    /// <param name="config">The architecture.</param>
    /// <param name="padding">For each row the number of padding tokens on its left.</param>
    /// <param name="capacity">Tokens that a row can hold, padding included.</param>
    /// <param name="device">Where.</param>
    /// <param name="dtype">Number type.</param>
    public CachedAttention(DecoderConfig config, int[] padding, int capacity, Device device, ScalarType dtype)
    {
        headsPerKey = config.HeadsPerKey;
        this.padding = padding;
        Tensor[] Room() => [.. Enumerable.Range(0, config.Layers).Select(_ => empty([padding.Length, config.KeyValueHeads, capacity, config.HeadDim], dtype, device).DetachFromDisposeScope())];
        (keys, values) = (Room(), Room());
        positions = empty(0).DetachFromDisposeScope();
    }

    public Tensor Positions => positions;

    public long Length { get; private set; }

    /// <summary>Tokens held, padding included.</summary>
    public int Held { get; private set; }

    /// <summary>Announces the next tokens; the same number for each row.</summary>
    public void Next(int count)
    {
        incoming = count;
        using var scope = NewDisposeScope();
        var rows = padding.Length;
        var place = new long[rows * count];
        for (var row = 0; row < rows; row++)
            for (var i = 0; i < count; i++)
                place[(row * count) + i] = Math.Max(0, Held + i - padding[row]);
        positions.Dispose();
        positions = tensor(place, [rows, count], device: keys[0].device).DetachFromDisposeScope();
        Length = Math.Max(Length, place.Max() + 1);
        mask?.Dispose();
        mask = MaskOf(count)?.DetachFromDisposeScope();
    }

    /// <summary>Call after the decoder has run over the announced tokens.</summary>
    public void Advance() => Held += incoming;

    /// <summary>Keeps the given rows only, in the given order; rows may be repeated (one prompt, many samples).</summary>
    public void Select(IReadOnlyList<int> rows)
    {
        using var scope = NewDisposeScope();
        var index = tensor(rows.Select(r => (long)r).ToArray(), device: keys[0].device);
        padding = [.. rows.Select(r => padding[r])];
        foreach (var cache in new[] { keys, values })
        {
            for (var layer = 0; layer < cache.Length; layer++)
            {
                var kept = cache[layer].index_select(0, index).DetachFromDisposeScope();
                cache[layer].Dispose();
                cache[layer] = kept;
            }
        }
    }

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v)
    {
        using var scope = NewDisposeScope();
        keys[layer].narrow(2, Held, incoming).copy_(k.transpose(1, 2));
        values[layer].narrow(2, Held, incoming).copy_(v.transpose(1, 2));
        var seen = Held + incoming;
        var allKeys = keys[layer].narrow(2, 0, seen);
        var allValues = values[layer].narrow(2, 0, seen);
        if (incoming == 1)
        {
            // The query heads of one key head stand as its queries, so that the cache is never copied.
            var grouped = q.view(q.size(0), allKeys.size(1), headsPerKey, q.size(3));
            return nn.functional.scaled_dot_product_attention(grouped, allKeys, allValues, mask, 0, false).view(q.size(0), 1, q.size(2), q.size(3)).MoveToOuterDisposeScope();
        }

        return Heads.Attend(q, allKeys.transpose(1, 2), allValues.transpose(1, 2), mask, mask is null).MoveToOuterDisposeScope();
    }

    public void Dispose()
    {
        foreach (var tensor in keys.Concat(values).Append(positions))
            tensor.Dispose();
        mask?.Dispose();
    }

    // [rows, 1, new, held + new]; null where plain causal attention (or none at all) says the same.
    private Tensor? MaskOf(int count)
    {
        var padded = padding.Any(p => p > 0);
        if (!padded && (count == 1 || Held == 0))
            return null;
        var seen = Held + count;
        var rows = padding.Length;
        var values = new float[rows * count * seen];
        for (var row = 0; row < rows; row++)
            for (var q = 0; q < count; q++)
                for (var key = 0; key < seen; key++)
                    values[(((row * count) + q) * seen) + key] = (key <= Held + q && key >= padding[row]) || key == Held + q ? 0 : float.NegativeInfinity;
        return tensor(values, [rows, 1, count, seen], keys[0].dtype, keys[0].device);
    }
}
