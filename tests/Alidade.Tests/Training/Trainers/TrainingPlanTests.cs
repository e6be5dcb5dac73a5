using Alidade.Training.Trainers;

namespace Alidade.Tests.Training.Trainers;

public sealed class TrainingPlanTests
{
    [Fact]
    public void Every_epoch_sees_every_row_once_in_an_order_of_its_own()
    {
        var options = Tiny.Options() with { MaxUpdates = null, Epochs = 2, BatchRows = 3, Accumulation = 2 };
        var plan = new TrainingPlan(10, options);
        Assert.Equal(4, plan.Updates);
        int[][] epochs = [.. new[] { 0, 2 }.Select(first => plan.Window(first).Concat(plan.Window(first + 1)).SelectMany(b => b).ToArray())];
        Assert.All(epochs, e => Assert.Equal(Enumerable.Range(0, 10), e.Order()));
        Assert.NotEqual(epochs[0], epochs[1]);
        // The last window of an epoch is short, and nothing is carried over.
        Assert.Equal([3, 1], plan.Window(1).Select(b => b.Length));
    }

    [Fact]
    public void The_order_depends_on_the_seed_and_not_on_what_was_asked_before()
    {
        var options = Tiny.Options(40);
        var forward = new TrainingPlan(10, options);
        for (var update = 0; update < 20; update++)
            forward.Window(update);
        Assert.Equal(forward.Window(20), new TrainingPlan(10, options).Window(20));
        Assert.NotEqual(forward.Window(20).SelectMany(b => b), new TrainingPlan(10, options with { Seed = 18 }).Window(20).SelectMany(b => b));
    }

    [Fact]
    public void The_first_visits_hold_every_row_that_is_seen_once()
    {
        var all = new TrainingPlan(10, Tiny.Options(12)).FirstVisits().SelectMany(b => b).ToArray();
        Assert.Equal(Enumerable.Range(0, 10), all.Order());
        Assert.Equal(4, new TrainingPlan(10, Tiny.Options(1)).FirstVisits().SelectMany(b => b).Count());
    }

    [Theory]
    [InlineData(5, 2, 1, "0 1|2 3|4")]
    [InlineData(5, 2, 2, "0 1|2 3 4")]
    [InlineData(6, 2, 2, "0 1|2 3|4 5")]
    [InlineData(1, 2, 2, "0")]
    public void A_last_micro_batch_that_is_too_small_joins_the_one_before(int rows, int size, int least, string expected) =>
        Assert.Equal(expected, string.Join('|', TrainingPlan.MicroBatches(Enumerable.Range(0, rows), size, least).Select(b => string.Join(' ', b))));
}
