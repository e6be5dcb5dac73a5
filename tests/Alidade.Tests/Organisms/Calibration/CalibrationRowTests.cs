using Alidade.Core.Results;
using Alidade.Evaluation.Engine;
using Alidade.Organisms.Calibration;
using Alidade.Organisms.Calibration.Instruments;
using Alidade.Organisms.Manifests;

namespace Alidade.Tests.Organisms.Calibration;

public sealed class CalibrationRowTests
{
    private static readonly IInstrument Instrument = new CrowsPairsInstrument();

    [Fact]
    public void Scores_that_separate_have_area_1_reversed_ones_0_and_equal_ones_one_half()
    {
        Assert.Equal(1, Row([.8, .9, .7, .95], [.1, .2, .3, .4]).Auroc);
        Assert.Equal(0, Row([.1, .2, .3, .4], [.8, .9, .7, .95]).Auroc);
        Assert.True(Row([.1, .2, .3, .4], [.8, .9, .7, .95]).IsReversed);
        var ties = Row([.5, .5, .5, .5], [.5, .5, .5, .5]);
        Assert.Equal(.5, ties.Auroc);
        Assert.True(ties.IsAtChance);
        Assert.False(ties.IsReversed);
        Assert.Equal(0, ties.TruePositiveRate);
        Assert.False(Row([.8, .9, .7, .95], [.1, .2, .3, .4]).IsAtChance);
    }

    [Fact]
    public void Recall_at_few_false_alarms_counts_what_lies_above_every_negative() =>
        Assert.Equal(.5, Row([.9, .8, .3, .2], [.5, .1, .1, .1]).TruePositiveRate);

    // Development: the first two of each side. Half way between .6 and .4 is .5.
    [Fact]
    public void A_threshold_is_fixed_on_development_models_and_judged_on_test_models()
    {
        var row = Row([.9, .6, .8, .4], [.4, .1, .7, .2]);
        Assert.Equal(1, row.DevelopmentAccuracy);
        Assert.Equal(new(.5, 1, 1, 1, 1), row.Test);
        Assert.Equal(.5, row.Test!.Accuracy);
        Assert.Equal(.5, row.Test.Precision);
        Assert.Equal(.5, row.Test.Recall);
        Assert.Equal(.5, row.Test.FalsePositiveRate);
    }

    [Fact]
    public void A_model_that_was_not_read_is_counted_and_is_in_no_number()
    {
        ModelReading[] readings = [.. Readings([.8, .9, .7], [.1, .2, .3]), Reading("broken", Part.Test, true, null, [])];
        var row = CalibrationRow.Of(Instrument, "stereotype", readings, 1);
        Assert.Equal(1, row.NotRead);
        Assert.Equal(3, row.Positives);
        Assert.Equal(1, row.Auroc);
    }

    [Fact]
    public void Without_a_side_there_is_no_area_and_it_is_at_chance()
    {
        var row = CalibrationRow.Of(Instrument, "stereotype", Readings([.8, .9], []), 1);
        Assert.Null(row.Auroc);
        Assert.Null(row.TruePositiveRate);
        Assert.Null(row.Test);
        Assert.True(row.IsAtChance);
    }

    [Fact]
    public void With_fewer_than_three_models_on_a_side_there_is_no_interval()
    {
        var row = Row([.9, .8], [.1, .2, .3]);
        Assert.Equal(1, row.Auroc);
        Assert.Null(row.Interval);
        Assert.True(row.IsAtChance);
        Assert.NotNull(Row([.9, .8, .7], [.1, .2, .3]).Interval);
    }

    [Fact]
    public void Items_are_judged_by_a_threshold_from_items_of_development_organisms()
    {
        ModelReading[] readings =
        [
            Reading("a", Part.Development, true, .5, [("p", .9), ("q", .1)]), Reading("b", Part.Test, true, .5, [("p", .8), ("q", .6), ("r", .2)]),
            Reading("c", Part.Test, false, .5, [("p", 1), ("q", 1)]),
        ];
        // .9 and .1 give .5: of b's items p is planted and found, q is a twin and a false alarm, r is a twin. Controls are in no item's number.
        Assert.Equal(new(.5, 1, 0, 1, 1), CalibrationRow.Of(Instrument, "stereotype", readings, 1).Items);
    }

    [Fact]
    public void The_effect_is_read_on_planted_items_and_its_slope_is_that_of_least_squares()
    {
        ModelReading[] readings =
        [
            Reading("a", Part.Development, true, 0, [("p", .2), ("q", 9)], .2), Reading("b", Part.Development, true, 0, [("p", .4), ("q", 9)], .4), Reading("c", Part.Test, true, 0, [("p", .6), ("q", 9)], .9),
        ];
        var effect = CalibrationRow.Of(Instrument, "stereotype", readings, 1).Effect!;
        // Rates .2, .4, .9 and readings .2, .4, .6: slope Σ(x − .5)(y − .4)/Σ(x − .5)² = .14/.26.
        Assert.Equal(3, effect.Organisms);
        Assert.Equal(.1, effect.MeanAbsoluteError!.Value, 12);
        Assert.Equal(.14 / .26, effect.Slope!.Value, 12);
    }

    [Fact]
    public void The_interval_is_the_same_for_a_seed_and_says_how_it_was_made()
    {
        var (one, two) = (Row([.9, .2, .8, .4], [.4, .1, .7, .2]).Interval!, Row([.9, .2, .8, .4], [.4, .1, .7, .2]).Interval!);
        Assert.Equal(one, two);
        Assert.True(one.Low < one.High);
        Assert.Contains("resamples of models", one.Method, StringComparison.Ordinal);
    }

    [Fact]
    public void Exposure_is_all_bits_for_the_likeliest_and_none_for_the_least_likely()
    {
        static ContinuationScore Score(double logProb) => new(logProb, 1, false);
        Assert.Equal(2, ExposureInstrument.Exposure([Score(-1), Score(-2), Score(-3), Score(-4)]));
        Assert.Equal(1, ExposureInstrument.Exposure([Score(-2), Score(-1), Score(-3), Score(-4)]));
        Assert.Equal(0, ExposureInstrument.Exposure([Score(-4), Score(-1), Score(-2), Score(-4)]));
    }

    [Fact]
    public void A_report_can_cite_a_row_by_the_name_of_a_measure()
    {
        var table = new CalibrationTable { Base = "0123456789abcdef", AlidadeVersion = "1", Organisms = 4, Controls = 4, OutOfAim = 0, Rows = [Row([.8, .9, .7, .95], [.1, .2, .3, .4])] };
        var calibration = Assert.Single(table.Of("bias.crows_pairs"));
        Assert.Equal((1, 4, 4, false), (calibration.Auroc, calibration.Organisms, calibration.Others, calibration.IsAtChance));
        Assert.Empty(table.Of("bias.crows"));
        Assert.Equal(["bias.crows_pairs"], table.Of(["bias.crows_pairs", "bias.crows"]).Keys);
        Assert.Contains("| bias.crows_pairs | stereotype | likelihoods | 4 : 4 | 1.00 [1.00, 1.00] |", table.ToMarkdown(), StringComparison.Ordinal);
    }

    private static CalibrationRow Row(double[] positives, double[] negatives) => CalibrationRow.Of(Instrument, "stereotype", Readings(positives, negatives), 1);

    private static ModelReading[] Readings(double[] positives, double[] negatives) =>
    [
        .. positives.Select((s, i) => Reading($"p{i}", i < 2 ? Part.Development : Part.Test, true, s, [])), .. negatives.Select((s, i) => Reading($"n{i}", i < 2 ? Part.Development : Part.Test, false, s, [])),
    ];

    private static ModelReading Reading(string id, Part part, bool positive, double? score, (string Id, double Score)[] items, double? rate = null) => new(
        id, part, positive, rate, new HashSet<string> { "p" }, new(score, [.. items.Select(i => new ItemReading(i.Id, i.Score))], new Dictionary<string, int>(), 0, new Cost(1, 1)));
}
