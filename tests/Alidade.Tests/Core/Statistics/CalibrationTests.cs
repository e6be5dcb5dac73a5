using Alidade.Core;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Agreement;
using Alidade.Core.Statistics.Calibration;
using Alidade.Core.Statistics.Correlation;

namespace Alidade.Tests.Core.Statistics;

public sealed class CalibrationTests
{
    private static (double[] P, bool[] Correct) Draw(int count, Func<double, double> truth, ulong seed)
    {
        var random = new SeededRandom(seed);
        double[] p = [.. Enumerable.Range(0, count).Select(_ => 0.02 + (0.96 * random.NextDouble()))];
        return (p, [.. p.Select(v => random.NextDouble() < truth(v))]);
    }

    [Fact]
    public void With_one_bin_the_error_is_mean_confidence_against_accuracy()
    {
        var (p, correct) = Draw(200, v => v * v, 41);
        var expected = Math.Abs(p.Average() - correct.Average(c => c ? 1 : 0));
        Assert.Equal(expected, CalibrationError.EqualWidth(p, correct, 1).Expected, 12);
        Assert.Equal(expected, CalibrationError.EqualMass(p, correct, 1).Expected, 12);
    }

    [Fact]
    public void Scaling_undoes_what_was_done_to_the_log_odds()
    {
        // Log-odds three times too large, and shifted by 0.5.
        var (p, correct) = Draw(40_000, v => v, 42);
        double[] logOdds = [.. p.Select(v => Math.Log(v / (1 - v)))];
        Assert.Equal(3, TemperatureScaling.Fit([.. logOdds.Select(f => 3 * f)], correct).Temperature, 0.1);
        var platt = PlattScaling.Fit([.. logOdds.Select(f => (2 * f) + 0.5)], correct);
        Assert.Equal(-0.5, platt.A, 0.02);
        Assert.Equal(0.25, platt.B, 0.05);
        Assert.Equal(0.5, platt.Apply(0.5), 0.02);
        var isotonic = IsotonicRegression.Fit([.. p.Select(v => v * v * v)], [.. correct.Select(c => c ? 1.0 : 0.0)]);
        Assert.Equal(0.7, isotonic.Apply(0.343), 0.05);
        Assert.All(isotonic.Values.Zip(isotonic.Values.Skip(1)), v => Assert.True(v.First <= v.Second));
    }

    [Fact]
    public void Scores_that_part_right_from_wrong_have_no_likeliest_slope_but_a_Platt_fit()
    {
        double[] scores = [-3, -2, -1, 1, 2, 3];
        bool[] correct = [false, false, false, true, true, true];
        Assert.Throws<AlidadeException>(() => LogisticCalibration.Fit(scores, correct));
        Assert.Throws<AlidadeException>(() => TemperatureScaling.Fit(scores, correct));
        Assert.Throws<AlidadeException>(() => TemperatureScaling.Fit([1, 1, 1, 2], [false, false, true, false]));
        Assert.True(PlattScaling.Fit(scores, correct).A < 0);
    }

    [Fact]
    public void Nothing_is_no_number()
    {
        Assert.Throws<ArgumentException>(() => CalibrationError.EqualWidth([], []));
        Assert.Throws<ArgumentException>(() => CalibrationError.EqualWidth([1.2], [true]));
        Assert.Throws<ArgumentException>(() => SelectivePrediction.Of([double.NaN], [true]));
        Assert.Throws<InvalidOperationException>(() => SelectivePrediction.Of([0.5, 0.6], [true, false]).AccuracyOfSurestTenth);
        Assert.Equal(double.PositiveInfinity, LogLoss.Of([0], [true], floor: 0));
    }

    [Fact]
    public void Agreement_that_chance_alone_makes_is_no_number_either()
    {
        var same = Confusion.Of([1, 1, 1], [1, 1, 1], 2);
        Assert.True(double.IsNaN(CohenKappa.Of(same).Value));
        Assert.Null(CohenKappa.Of(same).Interval());
        Assert.Equal(1, GwetAc1.Of(same));
        Assert.True(double.IsNaN(FleissKappa.Of([[1, 1], [1, 1]], 2).Value));
        Assert.True(double.IsNaN(KrippendorffAlpha.Of([[1, 1], [1, 1]], MeasurementLevel.Nominal).Value));
        Assert.Throws<ArgumentException>(() => KrippendorffAlpha.Of([[1, null], [null, 2]], MeasurementLevel.Nominal));
        Assert.Equal((1.0, 1, 1), KrippendorffAlpha.Of([[1, 2, null], [1, 2, 4]], MeasurementLevel.Ordinal) is var a ? (a.Value, a.LeftOut, a.Items - 1) : default);
    }

    [Fact]
    public void A_correlation_needs_two_quantities_that_vary()
    {
        Assert.True(double.IsNaN(PearsonCorrelation.Of([1, 1, 1], [1, 2, 3]).Value));
        Assert.True(double.IsNaN(KendallTau.Of([1, 1, 1], [1, 2, 3]).B));
        Assert.Null(PearsonCorrelation.Of([1, 2, 4], [1, 2, 3]).Interval());
        Assert.True(double.IsNaN(PartialCorrelation.Pearson([1, 2, 3, 4], [4, 1, 3, 2], [2, 4, 6, 8]).Value));
        Assert.Throws<ArgumentException>(() => PearsonCorrelation.Of([1], [1]));
    }

    [Fact]
    public void Two_quantities_that_only_share_a_cause_have_no_partial_correlation()
    {
        var random = new SeededRandom(43);
        double[] cause = [.. Enumerable.Range(0, 2_000).Select(_ => random.NextNormal())];
        double[] first = [.. cause.Select(c => c + (0.5 * random.NextNormal()))], second = [.. cause.Select(c => c + (0.5 * random.NextNormal()))];
        Assert.True(PearsonCorrelation.Of(first, second).Value > 0.7);
        Assert.InRange(PartialCorrelation.Pearson(first, second, cause).Value, -0.09, 0.09);
    }
}
