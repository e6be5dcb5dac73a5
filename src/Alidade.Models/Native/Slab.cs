using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>
/// One piece of memory for many tensors that come one after the other, and go together or in reverse order. Each by itself, among the temporaries of the same moment, they
/// would leave the heap full of holes when they go; a large piece has a mapping of its own, which goes back to the system.
/// </summary>
/// <param name="elements">Numbers of all tensors together; they take no memory before they are written.</param>
/// <param name="type">Their number type.</param>
/// <param name="device">Where they lie.</param>
public sealed class Slab(long elements, ScalarType type, Device device) : IDisposable
{
    private readonly Tensor all = Allocator.Mapped(() => empty([elements], type, device).DetachFromDisposeScope());

    /// <summary>Numbers of all tensors together.</summary>
    public long Elements => elements;

    /// <summary>How many numbers are taken.</summary>
    public long Used { get; private set; }

    /// <summary>The next tensor, without numbers yet; it keeps the memory alive. Beyond the end it has memory of its own.</summary>
    /// <param name="shape">Its shape.</param>
    public Tensor Take(params long[] shape)
    {
        var count = shape.Aggregate(1L, (product, size) => product * size);
        if (Used + count > elements)
            return empty(shape, type, device);
        using var piece = all.narrow(0, Used, count);
        Used += count;
        return piece.view(shape);
    }

    /// <summary>Takes back all that was taken since: who takes again overwrites its numbers.</summary>
    /// <param name="used">What <see cref="Used"/> was then.</param>
    public void Rewind(long used) => Used = Math.Min(used, Used);

    /// <summary>Takes back all that was taken; of a large piece the system may have the memory until it is written again.</summary>
    public void Empty()
    {
        Rewind(0);
        using var first = all.narrow(0, 0, 1);
        if (elements * first.element_size() >= Allocator.WorthGivingBack)
            Pages.Release(all);
    }

    /// <summary>Whether it has that many numbers of a type on a device.</summary>
    internal bool Fits(long count, ScalarType ofType, Device on) => count <= elements && ofType == type && on.type == device.type && on.index == device.index;

    /// <summary>Lets the memory go with the last of the tensors.</summary>
    public void Dispose() => all.Dispose();
}
