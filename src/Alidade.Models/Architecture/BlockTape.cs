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
    private readonly Queue<Tensor?> products = new();
    private readonly Queue<KeptAttention.Kept> attentions = new();
    private Tensor? last;
    private long lastAt;
    private bool rewound;

    /// <summary>y = xWᵀ + b, [.., out].</summary>
    public Tensor Product(Tensor x, KeptProduct.Product product)
    {
        using var scope = NewDisposeScope();
        if (!rewound)
            return (memory is null ? product.Of(x) : Written(x, product)).MoveToOuterDisposeScope();
        if (memory is null)
            return KeptProduct.Of(x, product, Computed(() => product.Of(x))).MoveToOuterDisposeScope();
        using var value = products.Dequeue();
        // Nobody reads a value that is not there; its shape is enough.
        return KeptProduct.Of(x, product, value ?? zeros(1, x.dtype, x.device).expand([.. x.shape[..^1], product.Outputs])).MoveToOuterDisposeScope();
    }

    /// <summary>softmax(s·qkᵀ + mask)·v for every head, [rows, heads, queries, head size].</summary>
    public Tensor Attended(Tensor q, Tensor k, Tensor v, IFlashAttention rule)
    {
        using var scope = NewDisposeScope();
        if (rewound && attentions.TryDequeue(out var kept))
            return KeptAttention.Of(q, k, v, kept).MoveToOuterDisposeScope();
        var (output, logSums) = Computed(() => rule.Forward(q, k, v));
        if (rewound)
            return KeptAttention.Of(q, k, v, new(output.DetachFromDisposeScope(), logSums.DetachFromDisposeScope(), rule)).MoveToOuterDisposeScope();
        if (memory is not null)
            attentions.Enqueue(new(Written(memory, output), Written(memory, logSums), rule));
        return output.MoveToOuterDisposeScope();
    }

    /// <summary>Ends the forward pass.</summary>
    /// <param name="readsLast">Whether backward needs the value of the last product.</param>
    public void Rewind(bool readsLast)
    {
        rewound = true;
        if (memory is null)
            return;
        products.Enqueue(readsLast ? last : null);
        if (!readsLast)
        {
            last?.Dispose();
            memory.Rewind(lastAt);
        }

        last = null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        last?.Dispose();
        foreach (var value in products)
            value?.Dispose();
        foreach (var value in attentions)
            value.Dispose();
        products.Clear();
        attentions.Clear();
    }

    private Tensor Written(Tensor x, KeptProduct.Product product)
    {
        if (last is not null)
            products.Enqueue(last);
        lastAt = memory!.Used;
        last = product.Into(memory.Take([.. x.shape[..^1], product.Outputs]).DetachFromDisposeScope(), x);
        return last.alias();
    }

    // Positions outermost, as attention has them.
    private static Tensor Written(Slab memory, Tensor x) => memory.Take(x.transpose(1, 2).shape).copy_(x.transpose(1, 2)).transpose(1, 2).DetachFromDisposeScope();

    private static T Computed<T>(Func<T> compute)
    {
        using var noGrad = no_grad();
        return compute();
    }
}
