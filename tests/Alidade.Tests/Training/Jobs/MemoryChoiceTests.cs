using Alidade.Tests.Training.Trainers;
using Alidade.Training.Jobs;

namespace Alidade.Tests.Training.Jobs;

public sealed class MemoryChoiceTests
{
    // A training takes 1.2 times what is on top of the weights: 1,200 with everything kept, 600 without.
    private static readonly MemoryEstimate Kept = new(5000, 100, 200, 700, null, "");
    private static readonly MemoryEstimate Again = new(5000, 100, 200, 200, null, "");

    [Theory]
    [InlineData(1200L, null, false, null)]
    [InlineData(1199L, null, true, "they are computed again")]
    [InlineData(600L, null, true, "they are computed again")]
    [InlineData(599L, null, true, "even with activations computed again: it may be killed")]
    [InlineData(null, null, false, null)]
    [InlineData(1200L, true, true, null)]
    [InlineData(600L, true, true, null)]
    [InlineData(599L, true, true, "even with activations computed again: it may be killed")]
    [InlineData(1200L, false, false, null)]
    [InlineData(1199L, false, false, "with training.recompute_activations false: it may be killed")]
    public void Activations_are_computed_again_where_that_fits_and_keeping_them_does_not(long? available, bool? asked, bool recomputed, string? why)
    {
        var choice = MemoryChoice.Of(Kept, Again, available, asked);
        Assert.Equal(recomputed, choice.Recomputed);
        Assert.Equal(why is null, choice.Why is null);
        Assert.Contains(why ?? "", choice.Why ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public void One_block_as_a_whole_and_of_each_its_input_and_products_or_its_input_alone_are_counted()
    {
        using var model = Tiny.Model(layers: 6);
        MemoryEstimate Of(bool recomputed) => MemoryEstimate.Of(model, trained: 10, isAdapter: true, tokens: 100, scored: 0, recomputed);
        // One block: 6·16 + 3·16 + 3·8 + 4·24 numbers a token; kept of each block: 2·16 + 2·16 + 2·8 + 2·24.
        Assert.Equal(100 * 4 * (264 + (6 * 128)), Of(false).Activations);
        Assert.Equal(100 * 4 * (264 + (6 * 16)), Of(true).Activations);
        Assert.Equal(Of(false).Weights, Of(true).Weights);
    }
}
