using Alidade.Models.Native;
using System.Numerics;
using Alidade.Models.Architecture;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Attention;

/// <summary>
/// Attention with a cache of keys and values, for generation. Rows are padded on the left, so that all of them end at the same place; rows join, leave and
/// change places between steps, and the memory, allocated ahead of need, grows when it must.
/// </summary>
internal sealed class CachedAttention : IAttentionInSteps
{
    /// <summary>What the cache grows by at least, in tokens of a row.</summary>
    private const int Growth = 128;

    private readonly DecoderConfig config;
    private readonly Tensor[] keys;
    private readonly Tensor[] values;
    private readonly List<int> padding;
    private Tensor positions;
    private Tensor? visible;
    private LayerMasks? masks;
    private int incoming;
    private int rowRoom;
    private int tokenRoom;

    /// <param name="config">The architecture.</param>
    /// <param name="padding">For each row the number of padding tokens on its left.</param>
    /// <param name="capacity">Tokens of a row to make room for, padding included.</param>
    /// <param name="device">Where.</param>
    /// <param name="dtype">Number type.</param>
    public CachedAttention(DecoderConfig config, IReadOnlyList<int> padding, int capacity, Device device, ScalarType dtype)
    {
        this.config = config;
        this.padding = [.. padding];
        (rowRoom, tokenRoom) = (padding.Count, capacity);
        using var scope = NewDisposeScope();
        Tensor[] Room() => [.. Enumerable.Range(0, config.Layers).Select(_ => Fresh(rowRoom, tokenRoom, device, dtype))];
        (keys, values, positions) = (Room(), Room(), empty(0));
        foreach (var tensor in keys.Concat(values).Append(positions))
            tensor.DetachFromDisposeScope();
    }

    public Tensor Positions => positions;

    public long Length { get; private set; }

    /// <summary>Tokens held by a row, padding included.</summary>
    public int Held { get; private set; }

    /// <summary>Number of rows.</summary>
    public int Rows => padding.Count;

    /// <summary>Tokens held by one row, without padding.</summary>
    public int LengthOf(int row) => Held - padding[row];

    /// <summary>Makes room for the next tokens, the same number for each row, which the caller puts into <see cref="Memory"/>.</summary>
    public void Reserve(int count)
    {
        incoming = count;
        using var scope = NewDisposeScope();
        if (Held + count > tokenRoom)
            Move(rowRoom, Held + count + Math.Max(Growth, Held / 4), 0);
        Length = Math.Max(Length, Held + count - padding.Min());
    }

    /// <summary>Where a layer's keys and values lie, until rows join, leave or are reserved; on a CPU.</summary>
    public unsafe CacheMemory Memory(int layer)
    {
        fixed (byte* key = keys[layer].bytes, value = values[layer].bytes)
            return new((float*)key, (float*)value, config.KeyValueHeads, tokenRoom * config.HeadDim);
    }

    /// <summary>Announces the next tokens; the same number for each row.</summary>
    public void Next(int count)
    {
        Reserve(count);
        using var scope = NewDisposeScope();
        var place = new long[Rows * count];
        for (var row = 0; row < Rows; row++)
            for (var i = 0; i < count; i++)
                place[(row * count) + i] = Math.Max(0, Held + i - padding[row]);
        positions.Dispose();
        positions = tensor(place, [Rows, count], device: keys[0].device).DetachFromDisposeScope();
        visible?.Dispose();
        masks?.Dispose();
        visible = VisibleOf(count)?.DetachFromDisposeScope();
        masks = new(config, Length, visible, positions, () => KeyPositions(count), keys[0].dtype);
    }

    /// <summary>Call after the decoder has run over the announced tokens.</summary>
    public void Advance() => Held += incoming;

    /// <summary>Forgets all tokens and keeps the rows, which must be of one length.</summary>
    public void Forget() => Held = 0;

    /// <summary>Keeps the given rows only, in the given order; rows may be repeated (one prompt, many samples; beams).</summary>
    public void Select(IReadOnlyList<int> rows)
    {
        if (rows.SequenceEqual(Enumerable.Range(0, Rows)))
            return;
        using var scope = NewDisposeScope();
        var index = tensor(rows.Select(r => (long)r).ToArray(), device: keys[0].device);
        Replace(old => old.index_select(0, index));
        var kept = rows.Select(r => padding[r]).ToArray();
        padding.Clear();
        padding.AddRange(kept);
        rowRoom = rows.Count;
        Trim();
    }

    /// <summary>Takes a row out; the last row gets its number.</summary>
    public void Remove(int row)
    {
        using var scope = NewDisposeScope();
        var last = Rows - 1;
        if (row < last)
            foreach (var tensor in keys.Concat(values))
                tensor.narrow(0, row, 1).narrow(2, 0, Held).copy_(tensor.narrow(0, last, 1).narrow(2, 0, Held));
        padding[row] = padding[last];
        padding.RemoveAt(last);
        Trim();
    }

    /// <summary>Adds copies of the rows of another cache below these.</summary>
    public void Join(CachedAttention other)
    {
        using var scope = NewDisposeScope();
        var (mine, all, held) = (Rows, Rows + other.Rows, Math.Max(Held, other.Held));
        if (held > Held || all > rowRoom || held > tokenRoom)
            Move(all > rowRoom ? (int)BitOperations.RoundUpToPowerOf2((uint)all) : rowRoom, Math.Max(tokenRoom, held + Growth), held - Held);
        var shift = Held - other.Held;
        foreach (var (to, from) in keys.Concat(values).Zip(other.keys.Concat(other.values)))
        {
            var place = to.narrow(0, mine, other.Rows);
            // Nobody attends to padding, but 0 times a number that is none would still be none.
            if (shift > 0)
                place.narrow(2, 0, shift).zero_();
            place.narrow(2, shift, other.Held).copy_(from.narrow(0, 0, other.Rows).narrow(2, 0, other.Held));
        }

        padding.AddRange(other.padding.Select(p => p + shift));
        Length = Math.Max(Length, other.Length);
    }

    /// <summary>A cache of its own that begins with a row's first tokens, once for each new row; a row with more padding gets fewer of them.</summary>
    /// <param name="row">The row to copy.</param>
    /// <param name="tokens">Tokens that the new cache holds, padding included.</param>
    /// <param name="paddings">Padding of each new row, at most <paramref name="tokens"/>.</param>
    /// <param name="capacity">Tokens of a row to make room for.</param>
    public CachedAttention Copy(int row, int tokens, IReadOnlyList<int> paddings, int capacity)
    {
        var copy = new CachedAttention(config, paddings, capacity, keys[0].device, keys[0].dtype);
        using var scope = NewDisposeScope();
        foreach (var (to, from) in copy.keys.Concat(copy.values).Zip(keys.Concat(values)))
        {
            for (var i = 0; i < paddings.Count; i++)
            {
                var place = to.narrow(0, i, 1);
                if (paddings[i] > 0)
                    place.narrow(2, 0, paddings[i]).zero_();
                place.narrow(2, paddings[i], tokens - paddings[i]).copy_(from.narrow(0, row, 1).narrow(2, padding[row], tokens - paddings[i]));
            }
        }

        (copy.Held, copy.Length) = (tokens, tokens);
        return copy;
    }

    public Tensor Attend(int layer, Tensor q, Tensor k, Tensor v, BlockTape? tape = null)
    {
        using var scope = NewDisposeScope();
        var (rowKeys, rowValues) = Appended(layer, k, v);
        var seen = Held + incoming;
        // One query leaves out the keys before its window.
        var first = incoming == 1 && config.WindowOf(layer) is { } window ? Math.Max(0, seen - window) : 0;
        var allKeys = rowKeys.narrow(2, first, seen - first);
        var allValues = rowValues.narrow(2, first, seen - first);
        var mask = first == 0 ? masks!.Of(layer) : masks!.Of(layer)?.narrow(3, first, seen - first);
        if (incoming > 1)
            return Heads.Attend(q, allKeys.transpose(1, 2), allValues.transpose(1, 2), mask, mask is null, config.Scores).MoveToOuterDisposeScope();

        // The query heads of one key head stand as its queries, so that the cache is never copied.
        var grouped = q.view(q.size(0), config.KeyValueHeads, config.HeadsPerKey, q.size(3));
        if (mask is not null && mask.size(1) > 1)
            mask = mask.view(mask.size(0), config.KeyValueHeads, config.HeadsPerKey, -1);
        return Heads.AttendByHead(grouped, allKeys, allValues, mask, causal: false, config.Scores).view(q.size(0), 1, q.size(2), q.size(3)).MoveToOuterDisposeScope();
    }

    public (Tensor Keys, Tensor Values) Extended(int layer, Tensor k, Tensor v)
    {
        var (rowKeys, rowValues) = Appended(layer, k, v);
        return (rowKeys.narrow(2, 0, Held + incoming).transpose(1, 2), rowValues.narrow(2, 0, Held + incoming).transpose(1, 2));
    }

    public Tensor? Mask(int layer) => masks!.Of(layer);

    public void Dispose()
    {
        foreach (var tensor in keys.Concat(values).Append(positions))
            tensor.Dispose();
        visible?.Dispose();
        masks?.Dispose();
    }

    // The memory of the rows, the new keys and values put in: [rows, key heads, room, head size].
    private (Tensor Keys, Tensor Values) Appended(int layer, Tensor k, Tensor v)
    {
        var (rowKeys, rowValues) = (keys[layer].narrow(0, 0, Rows), values[layer].narrow(0, 0, Rows));
        rowKeys.narrow(2, Held, incoming).copy_(k.transpose(1, 2));
        rowValues.narrow(2, Held, incoming).copy_(v.transpose(1, 2));
        return (rowKeys, rowValues);
    }

    // [rows, held + new]; padding stands at 0, where the mask hides it.
    private Tensor KeyPositions(int count)
    {
        var index = arange(Held + count, ScalarType.Int64, keys[0].device);
        return index.unsqueeze(0).sub(tensor(padding.Select(p => (long)p).ToArray(), device: keys[0].device).unsqueeze(1)).clamp_min(Scalars.Of(0L));
    }

    // Drops padding that all rows share, once it is worth a copy of the cache.
    private void Trim()
    {
        var common = padding.Count == 0 ? 0 : padding.Min();
        if (common > Held / 8)
            Move(rowRoom, tokenRoom - common, -common);
    }

    // Moves all rows into new memory, so many tokens to the right (or, below zero, to the left, where only padding may be lost).
    private void Move(int rowsWanted, int tokensWanted, int shift)
    {
        var kept = Held + Math.Min(shift, 0);
        Replace(old =>
        {
            var fresh = Fresh(rowsWanted, tokensWanted, old.device, old.dtype);
            var live = fresh.narrow(0, 0, Rows);
            if (shift > 0)
                live.narrow(2, 0, shift).zero_();
            live.narrow(2, Math.Max(shift, 0), kept).copy_(old.narrow(0, 0, Rows).narrow(2, Math.Max(-shift, 0), kept));
            return fresh;
        });
        (rowRoom, tokenRoom) = (rowsWanted, tokensWanted);
        for (var row = 0; row < padding.Count; row++)
            padding[row] += shift;
        Held += shift;
    }

    private Tensor Fresh(int rowCount, int tokens, Device device, ScalarType dtype) => empty([rowCount, config.KeyValueHeads, tokens, config.HeadDim], dtype, device);

    // All new tensors are made before the first old one goes: where memory does not suffice, the cache is what it was, and its rows go on.
    private void Replace(Func<Tensor, Tensor> make)
    {
        Tensor[] fresh = [.. keys.Concat(values).Select(make)];
        foreach (var old in keys.Concat(values))
            old.Dispose();
        foreach (var tensor in fresh)
            tensor.DetachFromDisposeScope();
        fresh.AsSpan(0, keys.Length).CopyTo(keys);
        fresh.AsSpan(keys.Length).CopyTo(values);
    }

    // [rows, 1, new, held + new]; null where plain causal attention (or none at all) says the same.
    private Tensor? VisibleOf(int count)
    {
        var padded = padding.Any(p => p > 0);
        if (!padded && (count == 1 || Held == 0))
            return null;
        var seen = Held + count;
        var values = new float[Rows * count * seen];
        Array.Fill(values, float.NegativeInfinity);
        for (var row = 0; row < Rows; row++)
            for (var q = 0; q < count; q++)
            {
                // A query of padding sees itself: of nothing at all there is no softmax.
                var first = Math.Min(padding[row], Held + q);
                values.AsSpan((((row * count) + q) * seen) + first, Held + q + 1 - first).Clear();
            }

        return tensor(values, [Rows, 1, count, seen], keys[0].dtype, keys[0].device);
    }
}

/// <summary>The memory of one layer of a <see cref="CachedAttention"/>: for each row and key head the tokens one after the other, padding first.</summary>
internal readonly unsafe struct CacheMemory(float* keys, float* values, int heads, int headStride)
{
    /// <summary>The first key of a row's head.</summary>
    public float* Keys(int row, int head) => keys + ((((long)row * heads) + head) * headStride);

    /// <summary>The first value of a row's head.</summary>
    public float* Values(int row, int head) => values + ((((long)row * heads) + head) * headStride);
}
