using System.Runtime.InteropServices;
using Alidade.Models.Attention;
using Alidade.Tests.Training.Trainers;
using static TorchSharp.torch;

namespace Alidade.Tests.Models.Attention;

public sealed class CachedAttentionTests
{
    [Fact]
    public void A_cache_that_finds_no_memory_to_grow_is_what_it_was()
    {
        using var model = Tiny.Model();
        // More bytes than a processor can address, so that no machine has them.
        var config = model.Config with { KeyValueHeads = 1024, HeadDim = 1024, Layers = 1 };
        using var scope = NewDisposeScope();
        using var cache = new CachedAttention(config, [0], 2, CPU, ScalarType.Float32);
        Tensor Row(int tokens, float value) => full([1, tokens, 1024, 1024], value);
        cache.Next(2);
        cache.Extended(0, Row(2, 3), Row(2, 4));
        cache.Advance();
        Assert.Throws<ExternalException>(() => cache.Reserve(1_500_000_000));
        cache.Next(1);
        var (keys, values) = cache.Extended(0, Row(1, 5), Row(1, 6));
        cache.Advance();
        Assert.Equal(3, cache.Held);
        Assert.Equal([3, 3, 5], keys[0, .., 7, 9].data<float>().ToArray());
        Assert.Equal([4, 4, 6], values[0, .., 7, 9].data<float>().ToArray());
    }
}
