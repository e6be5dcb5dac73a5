using Alidade.Models.Native;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Native;

public sealed class SlabTests
{
    // Some pages of float32.
    private const int Many = 5000;

    [Fact]
    public void What_is_taken_back_is_there_to_be_taken_again_and_its_neighbours_stay()
    {
        using var scope = NewDisposeScope();
        using var slab = new Slab(3 * Many, ScalarType.Float32, CPU);
        var first = slab.Take(Many).fill_(1);
        var mark = slab.Used;
        var second = slab.Take(Many / 10, 10).fill_(2);
        slab.Rewind(mark);
        Assert.Equal(mark, slab.Used);
        var third = slab.Take(Many).fill_(3);
        Assert.Equal(3 * Many, second.sum().item<float>());
        Assert.Equal(3 * Many, third.sum().item<float>());
        Assert.Equal(Many, first.sum().item<float>());
    }

    [Fact]
    public void A_large_slab_that_is_emptied_gives_its_pages_back()
    {
        if (!OperatingSystem.IsLinux())
            return;
        using var scope = NewDisposeScope();
        var count = Allocator.WorthGivingBack / sizeof(float);
        using var large = new Slab(count, ScalarType.Float32, CPU);
        large.Take(count).fill_(1);
        large.Empty();
        Assert.Equal(0, large.Used);
        // The system gives zeros for them; parts of pages at the ends stay.
        Assert.InRange(large.Take(count).sum().item<float>(), 0, 2 * Environment.SystemPageSize / sizeof(float));

        using var small = new Slab(Many, ScalarType.Float32, CPU);
        small.Take(Many).fill_(1);
        small.Empty();
        Assert.Equal(Many, small.Take(Many).sum().item<float>());
    }

    [Fact]
    public void A_slab_that_comes_back_is_handed_out_again_and_one_that_is_too_small_goes()
    {
        using var scope = NewDisposeScope();
        using var pool = new SlabPool();
        var (small, other) = (pool.Rent(Many, ScalarType.Float32, CPU), pool.Rent(2 * Many, ScalarType.Float32, CPU));
        Assert.NotSame(small, other);
        small.Take(7).fill_(1);
        pool.Return(small);
        pool.Return(other);
        var again = pool.Rent(Many - 1, ScalarType.Float32, CPU);
        Assert.Same(small, again);
        Assert.Equal(0, again.Used);
        Assert.NotSame(other, pool.Rent(1, ScalarType.Float64, CPU));
        // The free one is too small for this and makes room.
        using var large = pool.Rent(3 * Many, ScalarType.Float32, CPU);
        Assert.NotSame(other, pool.Rent(2 * Many, ScalarType.Float32, CPU));
        Assert.Equal(3 * Many, large.Elements);
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
