using Alidade.Models.Native;
using System.Runtime.CompilerServices;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Architecture;

/// <summary>
/// Adds to the gradient that a weight collects, in place: a gradient that is handed to the graph instead lives until the whole backward pass is over, and is copied once more.
/// </summary>
internal static class LeafGradient
{
    private static readonly ConditionalWeakTable<Tensor, Tensor> Places = [];

    /// <summary>Lays the gradients of a weight into given memory, whenever it begins to collect one here; until <see cref="Forget"/>.</summary>
    public static void Put(Tensor weight, Tensor place) => Places.AddOrUpdate(weight, place);

    /// <summary>Ends <see cref="Put"/>.</summary>
    public static void Forget(Tensor weight) => Places.Remove(weight);

    /// <summary>∂ += value.</summary>
    public static void Add(Tensor weight, Tensor value)
    {
        using var collected = Collected(weight, out var isNew);
        if (isNew)
            collected.copy_(value);
        else
            collected.add_(value, Scalars.One);
    }

    /// <summary>∂ += factor · left · right.</summary>
    public static void AddProduct(Tensor weight, Tensor left, Tensor right, float factor = 1)
    {
        using var collected = Collected(weight, out var isNew);
        collected.addmm_(left, right, beta: isNew ? 0 : 1, alpha: factor);
    }

    /// <summary>The rows of ∂ += values.</summary>
    /// <param name="weight">[entries, width].</param>
    /// <param name="rows">[values], int64; a row may be there more than once.</param>
    /// <param name="values">[values, width].</param>
    public static void AddRows(Tensor weight, Tensor rows, Tensor values)
    {
        using var collected = Collected(weight, out var isNew);
        if (isNew)
            collected.zero_();
        collected.index_add_(0, rows, values, 1);
    }

    /// <summary>The gradient of a weight, which the caller disposes.</summary>
    /// <param name="weight">A leaf.</param>
    /// <param name="isNew">True when it collected none so far: then it holds no numbers yet.</param>
    public static Tensor Collected(Tensor weight, out bool isNew)
    {
        if (weight.grad is { } collected)
        {
            isNew = false;
            return collected;
        }

        isNew = true;
        using var place = Places.TryGetValue(weight, out var given) ? given.alias() : empty_like(weight);
        weight.grad = place;
        return weight.grad!;
    }
}
