using System.Text.Json;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

/// <summary>Inspect's metrics and reducers. Where it makes 0 of too few values or of a value that is no grade, Alidade has no number, and the test says so.</summary>
[Golden("statistics/inspect.json")]
public sealed class InspectGoldenTests
{
    private const double Tolerance = 1e-12;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["mean"] = e => Reduced(e, Mean.Value),
        ["std"] = e => Spread(e, Mean.SampleDeviation(e.Doubles("x"))),
        ["var"] = e => Spread(e, Mean.SampleVariance(e.Doubles("x"))),
        ["stderr"] = e => Spread(e, Mean.Of(Scores(e)!).StandardError),
        ["stderr_cluster"] = e => Spread(e, Mean.Clustered(e.Doubles("x"), e.Names("cluster")).StandardError),
        ["ci95_t"] = e => Bracket(e, Mean.Of(e.Doubles("x")).Interval()),
        ["ci90_t"] = e => Bracket(e, Mean.Of(e.Doubles("x")).Interval(0.9)),
        ["ci95_t_cluster"] = e => Bracket(e, Mean.Clustered(e.Doubles("x"), e.Names("cluster")).Interval()),
        ["value_to_float"] = e =>
        {
            foreach (var pair in e.Expected.EnumerateArray())
                if (Number(pair[0]) is { } number)
                    e.Is(pair[0].ToString(), pair[1].GetDouble(), number, Tolerance);
                else
                    e.Departs($"'{pair[0]}' is no grade", pair[1].GetDouble() == 0);
        },
        ["accuracy"] = e => Reduced(e, Mean.Value),
        ["median"] = e => Reduced(e, Epochs.Median),
        ["mode"] = e => e.Same(e.Expected.ToString(), Epochs.Mode([.. e.Case.GetProperty("values").EnumerateArray().Select(v => v.ToString())])),
        ["max"] = e =>
        {
            if (Scores(e) is { } scores)
                e.Is("", Number(e.Expected)!.Value, scores.Max(), Tolerance);
            else
                e.Departs("no answer is a grade, so none is the best", Number(e.Expected) is null);
        },
        ["at_least_2"] = e => Reduced(e, s => Epochs.AtLeast(s, 2)),
        ["at_least_3"] = e => Reduced(e, s => Epochs.AtLeast(s, 3)),
        ["pass_at_1"] = e => Reduced(e, s => Epochs.PassAt(s, 1)),
        ["pass_at_2"] = e => Reduced(e, s => Epochs.PassAt(s, 2)),
        ["pass_at_3"] = e => Reduced(e, s => Epochs.PassAt(s, 3)),
        ["pass_k_2"] = e => Reduced(e, s => Epochs.PassAll(s, 2)),
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("inspect");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Metrics_and_reducers_equal_Inspect(string path) => StatisticsEntry.Run(path, Checks);

    // Inspect's numpy sums of large offsets and tiny spreads keep fewer digits than its README promises elsewhere; means.json holds them to theirs.
    private static void Spread(StatisticsEntry e, double actual)
    {
        if (double.IsNaN(actual))
            e.Departs("too few values have no spread", e.Expected.GetDouble() == 0);
        else
            e.Is(actual, Tolerance);
    }

    private static void Bracket(StatisticsEntry e, Interval? actual)
    {
        double low = e.Expected.GetProperty("lower").GetDouble(), high = e.Expected.GetProperty("upper").GetDouble();
        if (actual is null)
            e.Departs("too few values have no interval", low.Equals(high));
        else
        {
            e.Is("lower", low, actual.Low, Tolerance);
            e.Is("upper", high, actual.High, Tolerance);
        }
    }

    private static void Reduced(StatisticsEntry e, Func<IReadOnlyList<double>, double> reduce)
    {
        if (Scores(e) is { } scores)
            e.Is(reduce(scores), Tolerance);
        else
            e.Departs("an answer is no grade", e.Expected.GetDouble() == 0);
    }

    /// <summary>The scores; null when one of the values is no grade.</summary>
    private static double[]? Scores(StatisticsEntry e)
    {
        if (e.Has("x"))
            return e.Doubles("x");
        double?[] scores = [.. e.Case.GetProperty("values").EnumerateArray().Select(Number)];
        return scores.All(s => s is not null) ? [.. scores.Select(s => s!.Value)] : null;
    }

    private static double? Number(JsonElement value) => Epochs.Grade(value.ToString());
}
