using Alidade.Core.Results;
using Alidade.Core.Statistics;

namespace Alidade.Tests.Core.Statistics;

public sealed class PairedComparisonTests
{
    private static MeasureResult Measure(IEnumerable<double?> scores, Direction direction, double? ideal = null, Func<int, string>? cluster = null) => MeasureSummary.OfMean(
        new Measurement { Name = "m", Meaning = "", Unit = "share", Direction = direction, Ideal = ideal, Count = 0, Cost = new Cost(0, 0) },
        [.. scores.Select((s, i) => new ItemResult { Id = $"{i}", Input = "", Output = "", Score = s, Why = s is null ? "none" : null, Cluster = cluster?.Invoke(i) })]);

    private static IEnumerable<double?> Repeat(double score, int count) => Enumerable.Repeat((double?)score, count);

    private static Comparison Compare(IEnumerable<double?> before, IEnumerable<double?> after, Direction direction, double? ideal = null, Func<int, string>? cluster = null) =>
        PairedComparison.Of(Measure(before, direction, ideal, cluster), Measure(after, direction, ideal, cluster));

    [Fact]
    public void Yes_or_no_items_take_McNemar_and_Newcombe_with_after_minus_before()
    {
        // 10 right both times, 2 lost, 15 won, 13 wrong both times.
        IEnumerable<double?> before = [.. Repeat(1, 10), .. Repeat(1, 2), .. Repeat(0, 15), .. Repeat(0, 13)];
        IEnumerable<double?> after = [.. Repeat(1, 10), .. Repeat(0, 2), .. Repeat(1, 15), .. Repeat(0, 13)];
        var result = Compare(before, after, Direction.Higher);
        Assert.Equal(13.0 / 40, result.Difference!.Value, 12);
        Assert.Equal(McNemar.MidP(2, 15), result.PValue);
        Assert.Equal(new PairedProportions(10, 15, 2, 13).Newcombe(), result.Interval);
        Assert.Equal(Verdict.Better, result.Verdict);
        Assert.Equal(Verdict.Worse, Compare(before, after, Direction.Lower).Verdict);
        Assert.Equal(Verdict.Worse, Compare(after, before, Direction.Higher).Verdict);
        Assert.Equal(Verdict.Changed, Compare(before, after, Direction.Neutral).Verdict);
    }

    [Fact]
    public void The_same_scores_twice_show_no_difference()
    {
        foreach (var scores in new[] { Enumerable.Range(0, 50).Select(i => (double?)(i % 2)), Enumerable.Range(0, 50).Select(i => (double?)i) })
        {
            var result = Compare(scores, scores, Direction.Higher);
            Assert.Equal(Verdict.NoDifferenceSeen, result.Verdict);
            Assert.Equal(0, result.Difference);
            Assert.Equal(1, result.PValue);
        }
    }

    [Fact]
    public void Only_items_scored_both_times_count_and_the_rest_is_told()
    {
        IEnumerable<double?> before = [.. Repeat(0.5, 25), null, 1.0, 2.0];
        IEnumerable<double?> after = [.. Repeat(0.25, 25), 3.0, null, 2.0];
        var result = Compare(before, after, Direction.Lower);
        Assert.Equal(26, result.Pairs);
        Assert.Equal(2, result.Unpaired);
        Assert.Equal(-0.25 * 25 / 26, result.Difference!.Value, 12);
        Assert.Equal(Verdict.Better, result.Verdict);
    }

    [Fact]
    public void Too_few_items_or_clusters_get_no_verdict()
    {
        Assert.Equal(Verdict.TooFewItems, Compare(Repeat(0, 19), Repeat(1, 19), Direction.Higher).Verdict);
        Assert.Equal(Verdict.Better, Compare(Repeat(0, 20), Repeat(1, 20), Direction.Higher).Verdict);
        var clustered = Compare(Repeat(0, 100), Repeat(1, 100), Direction.Higher, cluster: i => $"{i % 19}");
        Assert.Equal(Verdict.TooFewItems, clustered.Verdict);
        Assert.Equal(1, clustered.Difference);
        Assert.Null(Compare([], [], Direction.Higher).Difference);
    }

    [Fact]
    public void Clusters_keep_copies_of_one_item_from_counting_as_many()
    {
        // 30 different items, one in five worse, the rest a little better: no clear change. Each copied 40 times.
        double?[] before = [.. Repeat(0, 1200)], after = [.. Enumerable.Range(0, 1200).Select(i => (double?)(i / 40 % 5 == 0 ? -1 : 0.5))];
        Assert.Equal(Verdict.Better, Compare(before, after, Direction.Higher).Verdict);
        var clustered = Compare(before, after, Direction.Higher, cluster: i => $"{i / 40}");
        Assert.Equal(Verdict.NoDifferenceSeen, clustered.Verdict);
        Assert.Contains("30 clusters", clustered.Interval!.Method, StringComparison.Ordinal);
    }

    [Fact]
    public void A_number_with_an_ideal_is_judged_by_its_distance_to_it()
    {
        IEnumerable<double?> Share(int ones) => [.. Repeat(1, ones), .. Repeat(0, 200 - ones)];
        Assert.Equal(Verdict.Better, Compare(Share(150), Share(110), Direction.TowardsIdeal, 0.5).Verdict);
        Assert.Equal(Verdict.Worse, Compare(Share(110), Share(150), Direction.TowardsIdeal, 0.5).Verdict);
        // From 0.6 to 0.4: moved, but no nearer.
        Assert.Equal(Verdict.Changed, Compare(Share(120), Share(80), Direction.TowardsIdeal, 0.5).Verdict);
        Assert.Equal(Verdict.NoDifferenceSeen, Compare(Share(120), Share(119), Direction.TowardsIdeal, 0.5).Verdict);
    }

    [Fact]
    public void The_same_seed_gives_the_same_interval_to_the_bit()
    {
        var before = Enumerable.Range(0, 60).Select(i => (double?)Math.Sin(i));
        var after = Enumerable.Range(0, 60).Select(i => (double?)Math.Cos(i));
        Assert.Equal(Compare(before, after, Direction.Higher).Interval, Compare(before, after, Direction.Higher).Interval);
    }

    [Fact]
    public void Different_measures_are_not_compared()
    {
        var one = Measure(Repeat(0, 30), Direction.Higher);
        Assert.Throws<ArgumentException>(() => PairedComparison.Of(one, one with { Measurement = one.Measurement with { Name = "other" } }));
    }

    [Fact]
    public void A_narrow_interval_around_zero_is_unchanged_a_wide_one_cannot_tell_and_a_difference_is_a_difference()
    {
        IEnumerable<double?> scores = [.. Enumerable.Range(0, 400).Select(i => (double?)(i % 2))];
        // 10 of 400 lost, 10 won: Newcombe's interval is about ±2.3 points.
        IEnumerable<double?> later = [.. scores.Select((s, i) => i < 20 ? 1 - s : s)];
        Comparison Of(IEnumerable<double?> after, double? margin) => PairedComparison.Of(Measure(scores, Direction.Higher), Measure(after, Direction.Higher), margin: margin);
        Assert.Equal(Verdict.NoDifferenceSeen, Of(later, null).Verdict);
        Assert.Equal((Verdict.Unchanged, (int?)null), (Of(later, 0.05).Verdict, Of(later, 0.05).ItemsToTell));
        Assert.Equal(Verdict.CannotTell, Of(later, 0.01).Verdict);
        Assert.Equal(Verdict.Worse, Of(Repeat(0, 400), 0.9).Verdict);
        Assert.Throws<ArgumentException>(() => Of(later, 0));
    }

    [Fact]
    public void The_items_that_would_tell_are_those_of_the_power_of_a_paired_mean()
    {
        // Differences of ±1, half each: their variance is 1, so n = (z₀.₉₇₅ + z₀.₈)²/δ² = 7.849/δ² (Miller 2024, equation 9), and for δ = 0.05 that is 3,140.
        IEnumerable<double?> first = Enumerable.Range(0, 400).Select(i => (double?)(i % 5));
        IEnumerable<double?> second = first.Select((s, i) => s + (i % 2 == 0 ? 1 : -1));
        var found = PairedComparison.Of(Measure(first, Direction.Higher), Measure(second, Direction.Higher), margin: 0.05);
        Assert.Equal(Verdict.CannotTell, found.Verdict);
        // The variance is read off a bootstrap's interval.
        Assert.InRange(found.ItemsToTell!.Value, 3140 * 0.94, 3140 * 1.06);
        // Items that stand in clusters of four that move together need four times as many.
        var clustered = PairedComparison.Of(
            Measure(first, Direction.Higher, cluster: i => $"{i / 4}"), Measure(first.Select((s, i) => s + (i / 4 % 2 == 0 ? 1 : -1)), Direction.Higher, cluster: i => $"{i / 4}"), margin: 0.05);
        Assert.InRange(clustered.ItemsToTell!.Value, 4 * 3140 * 0.9, 4 * 3140 * 1.1);
    }
}
