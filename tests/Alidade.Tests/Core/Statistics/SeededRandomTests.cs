using Alidade.Core.Statistics;

namespace Alidade.Tests.Core.Statistics;

public sealed class SeededRandomTests
{
    [Fact]
    public void The_stream_is_that_of_the_reference_code()
    {
        var random = new SeededRandom(1234567);
        Assert.Equal(
            [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821],
            Enumerable.Range(0, 5).Select(_ => random.NextUInt64()));
    }

    [Fact]
    public void A_saved_state_continues_the_same_stream()
    {
        var random = new SeededRandom(7);
        random.NextDouble();
        var other = new SeededRandom(0) { State = random.State };
        Assert.Equal(random.NextUInt64(), other.NextUInt64());
    }

    [Fact]
    public void Small_integers_are_uniform()
    {
        var random = new SeededRandom(3);
        var counts = new int[7];
        for (var i = 0; i < 70_000; i++)
            counts[random.NextInt(7)]++;
        // 10,000 each with a deviation of 93.
        Assert.All(counts, c => Assert.InRange(c, 9_500, 10_500));
    }

    [Fact]
    public void Normal_numbers_have_mean_zero_and_deviation_one()
    {
        var random = new SeededRandom(5);
        double[] drawn = [.. Enumerable.Range(0, 20_000).Select(_ => random.NextNormal())];
        Assert.InRange(Mean.Value(drawn), -0.03, 0.03);
        Assert.InRange(Mean.SampleDeviation(drawn), 0.97, 1.03);
    }

    [Fact]
    public void A_fork_depends_on_its_name_and_leaves_the_stream_alone()
    {
        var random = new SeededRandom(9);
        var data = random.Fork("data").NextUInt64();
        Assert.NotEqual(data, random.Fork("model").NextUInt64());
        Assert.Equal(data, random.Fork("data").NextUInt64());
        Assert.Equal(new SeededRandom(9).NextUInt64(), random.NextUInt64());
    }

    [Fact]
    public void A_shuffle_keeps_every_item()
    {
        var items = Enumerable.Range(0, 100).ToList();
        new SeededRandom(1).Shuffle(items);
        Assert.NotEqual(Enumerable.Range(0, 100), items);
        Assert.Equal(Enumerable.Range(0, 100), items.Order());
    }
}
