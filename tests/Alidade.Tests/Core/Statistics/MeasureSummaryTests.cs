using Alidade.Core.Results;
using Alidade.Core.Statistics;

namespace Alidade.Tests.Core.Statistics;

public sealed class MeasureSummaryTests
{
    private static readonly Measurement About = new() { Name = "m", Meaning = "", Unit = "share", Count = 0, Cost = new Cost(0, 0) };

    private static ItemResult Item(int id, double? score, string? why = null, string? cluster = null, bool truncated = false) =>
        new() { Id = id.ToString("d3", null), Input = "", Output = "", Score = score, Why = why, Cluster = cluster, Truncated = truncated };

    [Fact]
    public void Items_without_a_score_are_counted_by_reason_and_never_taken_as_zero()
    {
        var result = MeasureSummary.OfMean(About, [Item(1, 1), Item(2, null, "no answer"), Item(3, null, "no answer"), Item(4, null, "too long"), Item(5, 0, truncated: true)]);
        Assert.Equal(0.5, result.Measurement.Value);
        Assert.Equal(2, result.Measurement.Count);
        Assert.Equal(1, result.Measurement.Truncated);
        Assert.Equal(new Dictionary<string, int> { ["no answer"] = 2, ["too long"] = 1 }, result.Measurement.Unscored);
        Assert.Equal("Wilson", result.Measurement.Interval!.Method);
    }

    [Fact]
    public void No_scored_item_gives_no_number()
    {
        var result = MeasureSummary.OfMean(About, [Item(1, null, "no answer")]).Measurement;
        Assert.Null(result.Value);
        Assert.Null(result.Interval);
    }

    [Fact]
    public void Items_of_one_cluster_widen_the_interval()
    {
        ItemResult[] alone = [.. Enumerable.Range(0, 40).Select(i => Item(i, i / 4 % 2 + 0.5))];
        ItemResult[] clustered = [.. alone.Select((item, i) => item with { Cluster = $"{i / 4}" })];
        var narrow = MeasureSummary.OfMean(About, alone).Measurement.Interval!;
        var wide = MeasureSummary.OfMean(About, clustered).Measurement.Interval!;
        Assert.True(wide.High - wide.Low > 1.8 * (narrow.High - narrow.Low));
        Assert.Contains("10 clusters", wide.Method, StringComparison.Ordinal);
    }

    [Fact]
    public void A_score_that_is_no_number_and_a_doubled_id_are_refused()
    {
        Assert.Throws<ArgumentException>(() => MeasureSummary.OfMean(About, [Item(1, double.NaN)]));
        Assert.Throws<ArgumentException>(() => MeasureSummary.OfMean(About, [Item(1, 1), Item(1, 0)]));
        Assert.Throws<ArgumentException>(() => MeasureSummary.OfMean(About, [Item(1, null)]));
    }
}
