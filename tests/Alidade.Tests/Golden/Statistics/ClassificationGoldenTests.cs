using System.Globalization;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Calibration;
using Check = System.Action<Alidade.Tests.Golden.Statistics.StatisticsEntry>;

namespace Alidade.Tests.Golden.Statistics;

[Golden("statistics/classification.json")]
public sealed class ClassificationGoldenTests
{
    private const double Tolerance = 1e-10;

    private static readonly Dictionary<string, Check> Checks = new()
    {
        ["ranking/auroc"] = e => e.Is(Area(e, "score").Value, Tolerance),
        ["ranking/auroc_second"] = e => e.Is(Area(e, "score2").Value, Tolerance),
        ["ranking/delong_variance"] = e => e.Is(Math.Pow(Area(e, "score").StandardError, 2), Tolerance),
        ["ranking/delong_se"] = e => e.Is(Area(e, "score").StandardError, Tolerance),
        // An area lies in [0, 1]: Alidade cuts the interval there, the reference does not.
        ["ranking/delong_ci95"] = e =>
        {
            var interval = Area(e, "score").Interval()!;
            e.Is("low", Math.Max(0, e.Expected[0].GetDouble()), interval.Low, Tolerance);
            e.Is("high", Math.Min(1, e.Expected[1].GetDouble()), interval.High, Tolerance);
        },
        ["ranking/delong_covariance"] = e =>
        {
            var covariance = Paired(e).Covariance;
            e.Is([[Math.Pow(Area(e, "score").StandardError, 2), covariance], [covariance, Math.Pow(Area(e, "score2").StandardError, 2)]], Tolerance);
        },
        ["ranking/delong_z"] = e => e.Is(Paired(e).Z, Tolerance),
        ["ranking/delong_p"] = e => e.Is(Paired(e).P, Tolerance),
        ["ranking/roc"] = e =>
        {
            var points = Curve(e).Points;
            e.Part("fpr").Is([.. points.Select(p => p.FalsePositiveRate)], Tolerance);
            e.Part("tpr").Is([.. points.Select(p => p.TruePositiveRate)], Tolerance);
            e.Part("thresholds").Is([.. points.Select(p => p.Threshold)], Tolerance);
        },
        // The reference goes from the lowest threshold up and leaves the last one, +infinity, without a number.
        ["ranking/pr"] = e =>
        {
            var points = Curve(e).Points.Reverse().ToArray();
            e.Part("precision").Is([.. points.Select(Roc.Precision)], Tolerance);
            e.Part("recall").Is([.. points.Select(p => p.TruePositiveRate)], Tolerance);
            e.Part("thresholds").Is([.. points.SkipLast(1).Select(p => p.Threshold)], Tolerance);
        },
        ["ranking/tpr_at_fpr"] = e => e.IsEach(limit => Curve(e).At(Parse(limit)).TruePositiveRate, Tolerance),
        ["ranking/tpr_at_fpr_interpolated"] = e => e.IsEach(rate => Curve(e).Interpolated(Parse(rate)), Tolerance),
        ["ranking/partial_auroc_max_fpr_0.1_mcclish"] = e => e.Is(Curve(e).PartialArea(0.1), Tolerance),
        ["ranking/best_youden"] = e => e.Is(Curve(e).Youden, Tolerance),
        ["ranking/eer_threshold_scan"] = e => e.Is(Curve(e).EqualErrorRate, Tolerance),
        ["ranking/average_precision"] = e => e.Is(Curve(e).AveragePrecision, Tolerance),
        ["ranking/pr_auc_trapezoid"] = e => e.Is(Curve(e).PrecisionRecallTrapezoid, Tolerance),
        ["calibration/ece_width_5"] = e => e.Is(Width(e, 5).Expected, Tolerance),
        ["calibration/ece_width_10"] = e => e.Is(Width(e, 10).Expected, Tolerance),
        ["calibration/ece_width_15"] = e => e.Is(Width(e, 15).Expected, Tolerance),
        ["calibration/mce_width_5"] = e => e.Is(Width(e, 5).Maximum, Tolerance),
        ["calibration/mce_width_10"] = e => e.Is(Width(e, 10).Maximum, Tolerance),
        ["calibration/mce_width_15"] = e => e.Is(Width(e, 15).Maximum, Tolerance),
        ["calibration/ece_mass_5"] = e => e.Is(Mass(e, 5).Expected, Tolerance),
        ["calibration/ece_mass_10"] = e => e.Is(Mass(e, 10).Expected, Tolerance),
        ["calibration/ece_mass_15"] = e => e.Is(Mass(e, 15).Expected, Tolerance),
        ["calibration/mce_mass_5"] = e => e.Is(Mass(e, 5).Maximum, Tolerance),
        ["calibration/mce_mass_10"] = e => e.Is(Mass(e, 10).Maximum, Tolerance),
        ["calibration/mce_mass_15"] = e => e.Is(Mass(e, 15).Maximum, Tolerance),
        ["calibration/width_10_bins"] = e => e.Is(Table(Width(e, 10)), Tolerance),
        ["calibration/mass_10_bins"] = e => e.Is(Table(Mass(e, 10)), Tolerance),
        ["calibration/ece_width_10_rms"] = e => e.Is(Width(e, 10).RootMeanSquare, Tolerance),
        ["calibration/ece_sweep"] = e => e.Is(CalibrationError.Sweep(e.Doubles("p"), Correct(e)).Expected, Tolerance),
        ["calibration/ece_sweep_bins"] = e => e.Same(e.Expected.GetInt32(), CalibrationError.Sweep(e.Doubles("p"), Correct(e)).Bins.Count),
        ["calibration/brier"] = e => e.Is(BrierScore.Of(e.Doubles("p"), Correct(e)).Score, Tolerance),
        ["calibration/nll_natural"] = e => e.Is(LogLoss.Of(e.Doubles("p"), Correct(e)), Tolerance),
        ["calibration/murphy_by_distinct_value"] = e => Murphy(e, BrierScore.Of(e.Doubles("p"), Correct(e))),
        ["calibration/murphy_10_bins"] = e => Murphy(e, BrierScore.Binned(e.Doubles("p"), Correct(e))),
        ["calibration/aurc"] = e => e.Is(Selective(e).Area, Tolerance),
        ["calibration/aurc_optimal"] = e => e.Is(Selective(e).LeastArea, Tolerance),
        ["calibration/e_aurc"] = e => e.Is(Selective(e).ExcessArea, Tolerance),
        ["calibration/e_aurc_geifman_closed_form"] = e => e.Is(Selective(e).ExcessAreaInLimit, Tolerance),
        ["calibration/selective_accuracy"] = e => e.IsEach(coverage => Selective(e).AccuracyAt(Parse(coverage)), Tolerance),
        ["calibration/risk_coverage_risk"] = e => e.Is(Selective(e).Risk, Tolerance),
        ["calibration/helm_like_selective_acc_10"] = e => e.Is(Selective(e).AccuracyOfSurestTenth, Tolerance),
        ["calibration/platt"] = e =>
        {
            var fit = PlattScaling.Fit(LogOdds(e), Correct(e));
            e.Part("A").Is(fit.A, Tolerance);
            e.Part("B").Is(fit.B, Tolerance);
            // scikit-learn's own fit stops short of the optimum.
            e.Part("sklearn_A").Is(fit.A, 1e-6);
            e.Part("sklearn_B").Is(fit.B, 1e-6);
        },
        ["calibration/logistic_mle"] = e =>
        {
            var fit = LogisticCalibration.Fit(LogOdds(e), Correct(e));
            e.Part("slope").Is(fit.Slope, Tolerance);
            e.Part("intercept").Is(fit.Intercept, Tolerance);
        },
        ["calibration/temperature"] = e => e.Is(TemperatureScaling.Fit(LogOdds(e), Correct(e)).Temperature, 1e-6),
        ["calibration/isotonic"] = e =>
        {
            var p = e.Doubles("p");
            var fit = IsotonicRegression.Fit(p, e.Doubles("correct"));
            e.Part("fitted").Is([.. p.Select(fit.Apply)], Tolerance);
            e.Part("x_thresholds").Is(fit.Scores, Tolerance);
            e.Part("y_thresholds").Is(fit.Values, Tolerance);
            e.Part("predict_at").IsEach(score => fit.Apply(Parse(score)), Tolerance);
        },
        ["multiclass/accuracy"] = e => e.Is(Confused(e).Accuracy, Tolerance),
        ["multiclass/balanced_accuracy"] = e => e.Is(Confused(e).BalancedAccuracy, Tolerance),
        ["multiclass/mcc"] = e => e.Is(Confused(e).MatthewsCorrelation, Tolerance),
        ["multiclass/confusion"] = e => e.Is(Confused(e).Counts.Select(r => r.Select(c => (double)c)), 0),
        ["multiclass/brier_multiclass_sum"] = e => e.Is(BrierScore.OfClasses(e.Matrix("probabilities"), e.Ints("y")), Tolerance),
        ["multiclass/nll"] = e => e.Is(LogLoss.OfClasses(e.Matrix("probabilities"), e.Ints("y")), Tolerance),
        ["multiclass/macro"] = e => Scores(e, Confused(e).Macro),
        ["multiclass/micro"] = e => Scores(e, Confused(e).Micro),
        ["multiclass/weighted"] = e => Scores(e, Confused(e).Weighted),
        ["multiclass/per_class"] = e =>
        {
            var classes = Confused(e).PerClass;
            e.Part("precision").Is([.. classes.Select(c => c.Precision)], Tolerance);
            e.Part("recall").Is([.. classes.Select(c => c.Recall)], Tolerance);
            e.Part("f1").Is([.. classes.Select(c => c.F1)], Tolerance);
            e.Part("support").Is([.. classes.Select(c => (double)c.Support)], 0);
        },
    };

    public static IEnumerable<TheoryDataRow<string>> Results() => StatisticsEntry.Rows("classification");

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Results))]
    [Trait("Kind", "Golden")]
    public void Classification_and_calibration_equal_the_reference(string path) => StatisticsEntry.Run(path, Checks);

    private static double Parse(string number) => double.Parse(number, CultureInfo.InvariantCulture);

    private static (double[] Positives, double[] Negatives) Sides(StatisticsEntry e, string score)
    {
        var labelled = e.Ints("y").Zip(e.Doubles(score)).ToArray();
        return ([.. labelled.Where(p => p.First == 1).Select(p => p.Second)], [.. labelled.Where(p => p.First == 0).Select(p => p.Second)]);
    }

    private static AurocEstimate Area(StatisticsEntry e, string score) => Auroc.Of(Sides(e, score).Positives, Sides(e, score).Negatives);

    private static Roc Curve(StatisticsEntry e) => Roc.Of(Sides(e, "score").Positives, Sides(e, "score").Negatives);

    private static (double Z, double P, double Covariance, double StandardError) Paired(StatisticsEntry e)
    {
        var (first, second) = (Sides(e, "score"), Sides(e, "score2"));
        return Auroc.PairedTest(first.Positives, first.Negatives, second.Positives, second.Negatives);
    }

    private static bool[] Correct(StatisticsEntry e) => [.. e.Doubles("correct").Select(c => c == 1)];

    private static CalibrationError Width(StatisticsEntry e, int bins) => CalibrationError.EqualWidth(e.Doubles("p"), Correct(e), bins);

    private static CalibrationError Mass(StatisticsEntry e, int bins) => CalibrationError.EqualMass(e.Doubles("p"), Correct(e), bins);

    private static IEnumerable<double[]> Table(CalibrationError error) => error.Bins.Select(b => (double[])[b.Index, b.Count, b.Confidence, b.Accuracy]);

    private static void Murphy(StatisticsEntry e, BrierScore score)
    {
        e.Part("reliability").Is(score.Reliability, Tolerance);
        e.Part("resolution").Is(score.Resolution, Tolerance);
        e.Part("uncertainty").Is(score.Uncertainty, Tolerance);
        var sum = score.Reliability - score.Resolution + score.Uncertainty + score.WithinVariance - (2 * score.WithinCovariance);
        e.Is("sum", score.Score, sum, Tolerance);
        if (e.Expected.TryGetProperty("sum", out _))
        {
            e.Part("within_bin_variance").Is(score.WithinVariance, Tolerance);
            e.Part("within_bin_covariance").Is(score.WithinCovariance, Tolerance);
            e.Part("sum").Is(sum, Tolerance);
        }
    }

    private static SelectivePrediction Selective(StatisticsEntry e) => SelectivePrediction.Of(e.Doubles("p"), Correct(e));

    // The reference's scores for scaling: log-odds of the probability drawn in to 1e-6.
    private static double[] LogOdds(StatisticsEntry e) => [.. e.Doubles("p").Select(p => Math.Log(Math.Clamp(p, 1e-6, 1 - 1e-6) / Math.Clamp(1 - p, 1e-6, 1 - 1e-6)))];

    private static Confusion Confused(StatisticsEntry e)
    {
        var probabilities = e.Matrix("probabilities");
        return Confusion.Of(e.Ints("y"), [.. probabilities.Select(p => Array.IndexOf(p, p.Max()))], probabilities[0].Length);
    }

    private static void Scores(StatisticsEntry e, ClassScores scores)
    {
        e.Part("precision").Is(scores.Precision, Tolerance);
        e.Part("recall").Is(scores.Recall, Tolerance);
        e.Part("f1").Is(scores.F1, Tolerance);
    }
}
