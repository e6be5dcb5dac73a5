using Alidade.Models.Attention;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// The large products of one block: those with its weights, and attention. Forward writes their values down; once rewound, backward reads them instead of computing them
/// again. What lies between (norms, rotary turns, activation functions) is computed again, which is little work for most of the memory.
/// </summary>
/// <param name="memory">Where values are written down; null for not at all: then backward computes them again.</param>
internal sealed class BlockTape(Slab? memory) : IDisposable
{
    private readonly Queue<KeptProducts.Values> products = new();
    private readonly Queue<KeptAttention.Kept> attentions = new();
    private KeptProducts.Values? last;
    private long lastAt;

    /// <summary>True once the forward pass is over.</summary>
    public bool IsRewound { get; private set; }

    /// <summary>Products of one input, y = xWᵀ + b of each weight with its update: [.., out] each.</summary>
    public IReadOnlyList<Tensor> Products(Tensor x, IReadOnlyList<KeptProducts.Product> weights)
    {
        if (IsRewound)
            return KeptProducts.Of(x, weights, memory is null ? Computed(() => KeptProducts.Compute(x, weights, Anew)) : products.Dequeue());
        if (memory is null)
        {
            using var values = KeptProducts.Compute(x, weights, Anew);
            return values.Aliases();
        }

        products.Enqueue(last = KeptProducts.Compute(x, weights, Taken));
        return last.Aliases();

        Tensor Anew(long[] shape) => empty(shape, x.dtype, x.device);

        Tensor Taken(long[] shape)
        {
            lastAt = memory.Used;
            return memory.Take(shape);
        }
    }

    /// <summary>softmax(s·qkᵀ + mask)·v for every head, [rows, heads, queries, head size].</summary>
    public Tensor Attended(Tensor q, Tensor k, Tensor v, IFlashAttention rule)
    {
        using var scope = NewDisposeScope();
        if (IsRewound && attentions.TryDequeue(out var kept))
            return KeptAttention.Of(q, k, v, kept).MoveToOuterDisposeScope();
        var (output, logSums) = Computed(() => rule.Forward(q, k, v));
        if (IsRewound)
            return KeptAttention.Of(q, k, v, new(output.DetachFromDisposeScope(), logSums.DetachFromDisposeScope(), rule)).MoveToOuterDisposeScope();
        if (memory is not null)
            attentions.Enqueue(new(Written(memory, output), Written(memory, logSums), rule));
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>Ends the forward pass.</summary>
    /// <param name="readsLast">Whether backward needs the value of the last product.</param>
    public void Rewind(bool readsLast)
    {
        IsRewound = true;
        if (last is null || readsLast)
            return;
        last.Forget();
        memory!.Rewind(lastAt);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var values in products)
            values.Dispose();
        foreach (var value in attentions)
            value.Dispose();
        products.Clear();
        attentions.Clear();
    }

    // Positions outermost, as attention has them.
    private static Tensor Written(Slab memory, Tensor x) => memory.Take(x.transpose(1, 2).shape).copy_(x.transpose(1, 2)).transpose(1, 2).DetachFromDisposeScope();

    private static T Computed<T>(Func<T> compute)
    {
        using var noGrad = no_grad();
        return compute();
    }
}
