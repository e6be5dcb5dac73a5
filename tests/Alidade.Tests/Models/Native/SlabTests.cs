using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Native;

public sealed class SlabTests
{
    // Some pages of float32.
    private const int Many = 5000;

    [Fact]
    public void What_is_released_takes_nothing_of_its_neighbours_with_it()
    {
        using var scope = NewDisposeScope();
        using var slab = new Slab(3 * Many, ScalarType.Float32, CPU);
        var first = slab.Take(Many).fill_(1);
        var mark = slab.Used;
        var second = slab.Take(Many / 10, 10).fill_(2);
        slab.Release(mark);
        Assert.Equal(mark, slab.Used);
        Assert.Equal(Many, first.sum().item<float>());
        // The place is there to be taken again.
        var third = slab.Take(Many).fill_(3);
        Assert.Equal(3 * Many, second.sum().item<float>());
        Assert.Equal(3 * Many, third.sum().item<float>());
        Assert.Equal(Many, first.sum().item<float>());
    }

    [Fact]
    public void Released_pages_are_given_back()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        using var slab = new Slab(Many, ScalarType.Float32, CPU);
        var piece = slab.Take(Many).fill_(1);
        slab.Release(0);
        // The system gives zeros for them; parts of pages at the ends stay.
        Assert.InRange(piece.sum().item<float>(), 0, 2 * Environment.SystemPageSize / sizeof(float));
    }

    [Fact]
    public void Beyond_its_end_tensors_have_memory_of_their_own_and_the_last_keeps_it_alive()
    {
        using var scope = NewDisposeScope();
        var slab = new Slab(10, ScalarType.Float64, CPU);
        var inside = slab.Take(2, 4).fill_(1);
        var beyond = slab.Take(3).fill_(2);
        Assert.Equal(8, slab.Used);
        slab.Rewind(20);
        Assert.Equal(8, slab.Used);
        slab.Dispose();
        Assert.Equal((8, 6), (inside.sum().item<double>(), beyond.sum().item<double>()));
    }
}
