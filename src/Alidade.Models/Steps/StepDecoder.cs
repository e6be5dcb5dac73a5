using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Alidade.Models.Architecture;
using Alidade.Models.Attention;
using TorchSharp;
using static TorchSharp.torch;
using Tensor = TorchSharp.torch.Tensor;

namespace Alidade.Models.Steps;

/// <summary>
/// One new token of each of a few rows through a decoder: what <see cref="Decoder.Run(Tensor, IAttention)"/> computes over <see cref="CachedAttention"/>, on memory and
/// without tensors, whose calls would take as long as the products. It reads the same facts and weights, float32 or packed; an architecture with a fact, or weights of a
/// kind, that it does not know go the other way (<see cref="Of"/>, <see cref="MostRows"/>).
/// </summary>
/// <remarks>Products of packed weights are those of <see cref="Quantized.PackedLinear"/> bit for bit; float32 products, norms, turns and softmax differ in the last bits.</remarks>
internal sealed unsafe class StepDecoder : IDisposable
{
    /// <summary>Rows beyond which the tensor path's own parallel loops win, with packed weights.</summary>
    public const int MostPackedRows = 64;

    /// <summary>The same with float32 weights: a product of so few rows takes as long as reading the weights.</summary>
    public const int MostFloatRows = 16;

    // What a number of a key and of a value cost a query head, in multiply-adds of packed weights.
    private const long HeadCost = 16;

    private readonly DecoderConfig config;
    private readonly Embedding embedding;
    private readonly Decoder decoder;
    private readonly Dictionary<RotaryConfig, float[]> frequencies = new(ReferenceEqualityComparer.Instance);
    private StepWeights? weights;
    private float[] memory = [];

    private StepDecoder(DecoderConfig config, Embedding embedding, Decoder decoder) => (this.config, this.embedding, this.decoder) = (config, embedding, decoder);

    /// <summary>The step of a decoder; null where a fact of its architecture is not known here.</summary>
    public static StepDecoder? Of(DecoderConfig config, Embedding embedding, Decoder decoder)
    {
        var known = config is { Alibi: false, LearnedPositions: false, EmbeddingNorm: false, QueryKeyNorm: QueryKeyNorm.None or QueryKeyNorm.PerHead, QueryKeyValueClip: null }
            && (config.Activation is Activation.Silu or Activation.GeluTanh or Activation.Relu) && config.HeadDim % 8 == 0
            && config.Rotary is not { DependsOnLength: true } && config.WindowRotary is not { DependsOnLength: true }
            && config.MlpWidth % StepLinear.TileRows == 0 && (config.QueryKeyValueLayout == FusedLayout.Blocks || decoder.Blocks.All(b => b.QueryKeyValue is null));
        return known ? new(config, embedding, decoder) : null;
    }

    /// <summary>Most rows that are run here with the weights as they are now; 0 where those are of a kind that is not known here, or an adapter stands beside them.</summary>
    public int MostRows
    {
        get
        {
            if (weights is null || !weights.AreCurrent)
            {
                weights?.Dispose();
                weights = new(config, embedding, decoder);
            }

            return decoder.EmbeddingChange is not null || !weights.Known ? 0 : weights.Packed ? MostPackedRows : MostFloatRows;
        }
    }

    /// <summary>Runs one token of each row and appends its keys and values to the cache. Ask <see cref="MostRows"/> before each step.</summary>
    /// <param name="ids">The tokens.</param>
    /// <param name="cache">A cache of as many rows, with room for a token more.</param>
    /// <returns>The final, normalised hidden states, [rows, width].</returns>
    public Tensor Run(ReadOnlySpan<long> ids, CachedAttention cache)
    {
        var (rows, width, threads) = (ids.Length, config.Width, get_num_threads());
        int query = config.Heads * config.HeadDim, key = config.KeyValueHeads * config.HeadDim, all = query + (2 * key), mlp = config.MlpWidth;
        var needed = rows * ((3 * width) + all + query + (2 * mlp));
        if (memory.Length < needed)
            memory = GC.AllocateUninitializedArray<float>(needed, pinned: true);
        var x = (float*)Marshal.UnsafeAddrOfPinnedArrayElement(memory, 0);
        float* added = x + (rows * width), qkv = added + (rows * width), z = qkv + (rows * all), gate = z + (rows * query), up = gate + (rows * mlp), attended = up + (rows * mlp);
        var turns = Turns(cache, rows);
        for (var row = 0; row < rows; row++)
        {
            weights!.Embed((int)ids[row], new(x + (row * width), width));
            if (config.EmbeddingScale != 1)
                TensorPrimitives.Multiply(new(x + (row * width), width), (float)config.EmbeddingScale, new(x + (row * width), width));
        }

        var input = weights!.Input;
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var block = weights.Blocks[layer];
            Read(block.AttentionNorm, x, added, rows, width);
            SpinningTeam.Run(new Projections(block.QueryKeyValue, input, qkv, all), block.QueryKeyValue.Sum(l => l.Tiles), 4, rows * block.QueryKeyValue.Sum(l => l.MultiplyAdds), threads);
            var rotary = config.RotaryOf(layer);
            var heads = new HeadPieces(config, block, cache.Memory(layer), cache, config.WindowOf(layer), rotary, rotary is null ? null : turns[rotary], qkv, z);
            SpinningTeam.Run(heads, rows * config.KeyValueHeads, 1, HeadCost * rows * query * cache.Length, threads);
            Read(null, z, null, rows, query);
            SpinningTeam.Run(new Projections([block.Output], input, attended, width), block.Output.Tiles, 2, rows * block.Output.MultiplyAdds, threads);
            // A parallel MLP reads the block's input, so that what attention adds waits.
            if (!config.ParallelResidual)
                Add(block.AttentionPostNorm, attended, x, rows);
            Read(block.MlpNorm ?? (config.ParallelResidual ? block.AttentionNorm : null), x, added, rows, width);
            SpinningTeam.Run(new GatedPieces(config.Activation, block.Gate, block.Up, block.GateUp, input, gate, up, mlp), mlp / StepLinear.TileRows, 4, 2L * rows * width * mlp, threads);
            if (config.ParallelResidual)
                Add(block.AttentionPostNorm, attended, x, rows);
            Read(null, up, null, rows, mlp);
            SpinningTeam.Run(new Projections([block.Down], input, added, width), block.Down.Tiles, 2, rows * block.Down.MultiplyAdds, threads);
            Add(block.MlpPostNorm, added, x, rows);
        }

        var hidden = empty([rows, width], ScalarType.Float32);
        weights.FinalNorm.Apply(new(x, rows * width), MemoryMarshal.Cast<byte, float>(hidden.bytes), width);
        return hidden;
    }

    /// <inheritdoc/>
    public void Dispose() => weights?.Dispose();

    // The inputs of the next products, normalised where there is a norm.
    private void Read(SpanNorm? norm, float* x, float* normed, int rows, int width)
    {
        norm?.Apply(new(x, rows * width), new(normed, rows * width), width);
        weights!.Input.Set(norm is null ? x : normed, rows, width);
    }

    // x += s · norm(y).
    private void Add(SpanNorm? norm, float* y, float* x, int rows)
    {
        var sum = new Span<float>(x, rows * config.Width);
        var term = new Span<float>(y, rows * config.Width);
        norm?.Apply(term, term, config.Width);
        TensorPrimitives.MultiplyAdd(term, (float)config.ResidualScale, sum, sum);
    }

    // For each way of turning, [rows, 2, pairs]: cos and sin of each row's new position.
    private Dictionary<RotaryConfig, float[]> Turns(CachedAttention cache, int rows)
    {
        var turns = new Dictionary<RotaryConfig, float[]>(ReferenceEqualityComparer.Instance);
        foreach (var rotary in new[] { config.Rotary, config.WindowRotary })
        {
            if (rotary is null || turns.ContainsKey(rotary))
                continue;
            if (!frequencies.TryGetValue(rotary, out var angles))
                frequencies.Add(rotary, angles = rotary.InverseFrequencies(0));
            var table = new float[rows * 2 * angles.Length];
            for (var row = 0; row < rows; row++)
            {
                var cos = table.AsSpan(row * 2 * angles.Length, angles.Length);
                var sin = table.AsSpan(((row * 2) + 1) * angles.Length, angles.Length);
                TensorPrimitives.Multiply(angles, (float)cache.LengthOf(row), sin);
                for (var i = 0; i < sin.Length; i++)
                    (sin[i], cos[i]) = (MathF.Sin(sin[i]) * (float)rotary.CosineFactor, MathF.Cos(sin[i]) * (float)rotary.CosineFactor);
            }

            turns.Add(rotary, table);
        }

        return turns;
    }

    // Projections of one input side by side in the rows of y.
    private sealed class Projections(IReadOnlyList<StepLinear> linears, StepInput x, float* y, int stride) : IPieces
    {
        public void Run(int from, int to)
        {
            var (first, output) = (0, 0);
            foreach (var linear in linears)
            {
                if (from < first + linear.Tiles && to > first)
                    linear.Run(x, y + output, stride, Math.Max(from - first, 0), Math.Min(to - first, linear.Tiles));
                (first, output) = (first + linear.Tiles, output + linear.Outputs);
            }
        }
    }

    // Tiles of f(gate x) ⊙ up x, or of f(up x) without a gate; the result stands in up.
    private sealed class GatedPieces(
        Activation activation, StepLinear? gate, StepLinear? up, StepLinear? gateUp, StepInput x, float* gated, float* y, int width) : IPieces
    {
        public void Run(int from, int to)
        {
            if (gateUp is not null)
            {
                gateUp.Run(x, gated, width, from, to);
                // The second half of the rows is up.
                gateUp.Run(x, y - width, width, from + (width / StepLinear.TileRows), to + (width / StepLinear.TileRows));
            }
            else
            {
                gate?.Run(x, gated, width, from, to);
                up!.Run(x, y, width, from, to);
            }

            var (first, count) = (from * StepLinear.TileRows, (to - from) * StepLinear.TileRows);
            for (var row = 0; row < x.Rows; row++)
            {
                var result = new Span<float>(y + (row * width) + first, count);
                if (gate is null && gateUp is null)
                {
                    SpanActivations.Apply(activation, result);
                    continue;
                }

                var factor = new Span<float>(gated + (row * width) + first, count);
                SpanActivations.Apply(activation, factor);
                TensorPrimitives.Multiply(result, factor, result);
            }
        }
    }

    // A row's query heads of one key head: turned, the key and value put into the cache, attended.
    private sealed class HeadPieces(
        DecoderConfig config, StepBlock block, CacheMemory memory, CachedAttention cache, int? window, RotaryConfig? rotary, float[]? turns, float* qkv, float* z) : IPieces
    {
        public void Run(int from, int to)
        {
            var (size, shared) = (config.HeadDim, config.HeadsPerKey);
            var scores = ArrayPool<float>.Shared.Rent(cache.Held + 1);
            int query = config.Heads * size, all = query + (2 * config.KeyValueHeads * size);
            for (var piece = from; piece < to; piece++)
            {
                var (row, head) = (piece / config.KeyValueHeads, piece % config.KeyValueHeads);
                var q = qkv + (row * all) + (head * shared * size);
                var k = qkv + (row * all) + query + (head * size);
                var v = k + (config.KeyValueHeads * size);
                block.QueryNorm?.Apply(new(q, shared * size), new(q, shared * size), size);
                block.KeyNorm?.Apply(new(k, size), new(k, size), size);
                if (turns is not null)
                {
                    for (var i = 0; i < shared; i++)
                        Turn(row, q + (i * size));
                    Turn(row, k);
                }

                var (keys, values) = ((nint)memory.Keys(row, head), (nint)memory.Values(row, head));
                new Span<float>(k, size).CopyTo(new((float*)keys + (cache.Held * size), size));
                new Span<float>(v, size).CopyTo(new((float*)values + (cache.Held * size), size));
                var seen = Math.Min(cache.LengthOf(row) + 1, window ?? int.MaxValue);
                var first = cache.Held + 1 - seen;
                CachedHead.Attend(
                    q, (float*)keys + (first * size), (float*)values + (first * size), shared, size, seen, (float)config.AttentionScale, (float)(config.ScoreCap ?? 0),
                    scores, z + (row * query) + (head * shared * size));
            }

            ArrayPool<float>.Shared.Return(scores);
        }

        private void Turn(int row, float* x)
        {
            var pairs = rotary!.Dimensions / 2;
            var cos = turns.AsSpan(row * 2 * pairs, pairs);
            var sin = turns.AsSpan(((row * 2) + 1) * pairs, pairs);
            for (var i = 0; i < pairs; i++)
            {
                var (a, b) = rotary.Pairs == RotaryPairs.Neighbours ? (2 * i, (2 * i) + 1) : (i, i + pairs);
                (x[a], x[b]) = ((x[a] * cos[i]) - (x[b] * sin[i]), (x[b] * cos[i]) + (x[a] * sin[i]));
            }
        }
    }
}
