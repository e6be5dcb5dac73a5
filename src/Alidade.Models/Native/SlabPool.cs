using static TorchSharp.torch;

namespace Alidade.Models.Native;

/// <summary>
/// Slabs that come back after use and are handed out again, so that a step does not pay for the pages of the step before: making them and zeroing them took a twentieth
/// of a training step.
/// </summary>
/// <remarks>Not safe for concurrent use, like the model whose passes it serves.</remarks>
internal sealed class SlabPool : IDisposable
{
    private readonly List<Slab> free = [];

    /// <summary>A slab of at least that many numbers, all of it free; the caller gives it back, or disposes it.</summary>
    public Slab Rent(long elements, ScalarType type, Device device)
    {
        var fitting = free.Where(s => s.Fits(elements, type, device)).MinBy(s => s.Elements);
        if (fitting is not null)
        {
            free.Remove(fitting);
            return fitting;
        }

        // What was too small makes room, and so does what was freed on the heap, whose holes hold pages.
        if (free.Where(s => s.Fits(0, type, device)).MaxBy(s => s.Elements) is { } small)
        {
            free.Remove(small);
            small.Dispose();
        }

        Allocator.Trim();
        return new(elements, type, device);
    }

    /// <summary>Takes a slab back; nothing of it may be read any more.</summary>
    public void Return(Slab slab)
    {
        slab.Rewind(0);
        free.Add(slab);
    }

    /// <summary>Lets the memory go that is not in use.</summary>
    public void Dispose()
    {
        foreach (var slab in free)
            slab.Dispose();
        free.Clear();
    }
}
