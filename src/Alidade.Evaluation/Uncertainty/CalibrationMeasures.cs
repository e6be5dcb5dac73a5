using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Calibration;

namespace Alidade.Evaluation.Uncertainty;

/// <summary>An answer with the model's own confidence in it.</summary>
/// <param name="Item">The item: its score is 1 for a right answer and 0 for a wrong one; none, with the reason, where there is no answer.</param>
/// <param name="Confidence">Probability that the model gives to its answer, in [0, 1]; null where there is none.</param>
public sealed record ConfidentAnswer(ItemResult Item, double? Confidence);

/// <summary>
/// How far a model knows what it knows: calibration error over bins of equal mass and over one bin, Brier score, accuracy of the surest answers, the area under the risk–coverage curve, and what is left of the
/// calibration error when a logistic map of the confidence (Platt) is fitted to other answers.
/// </summary>
/// <remarks>As HELM's calibration metrics (10 bins of equal mass, 1 bin, selective accuracy at 10%), from <c>Alidade.Core.Statistics</c>; HELM fits Platt's map to the answers that it is measured on, Alidade to the
/// other half, in turn. Intervals by bootstrap over items: a calibration error is biased upwards in small samples, and so are its resamples.</remarks>
public static class CalibrationMeasures
{
    private const int Bins = 10;
    private const int Resamples = 1000;

    /// <summary>The measures.</summary>
    /// <param name="name">Dotted name that they begin with.</param>
    /// <param name="answers">Answers with confidences.</param>
    /// <param name="cost">What they cost.</param>
    /// <param name="seed">Seed of the bootstrap and of the halves.</param>
    public static IReadOnlyList<MeasureResult> Of(string name, IReadOnlyList<ConfidentAnswer> answers, Cost cost, ulong seed)
    {
        (double Confidence, bool Right)[] scored = [.. answers.Where(a => a.Item.Score is not null && a.Confidence is not null).Select(a => (a.Confidence!.Value, a.Item.Score!.Value > 0.5))];
        var unscored = answers.Where(a => a.Item.Score is null || a.Confidence is null).GroupBy(a => a.Item.Score is null ? a.Item.Why ?? "no answer" : "no confidence", StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        var about = new Measurement { Name = name, Meaning = "", Unit = "share", Count = scored.Length, Unscored = unscored, Cost = cost, Truncated = answers.Count(a => a.Item is { Truncated: true, Score: not null }) };
        MeasureResult Measure(string suffix, string meaning, Direction direction, string unit, int fewest, (double Confidence, bool Right)[] over, Func<(double Confidence, bool Right)[], double> of)
        {
            var measured = about with { Name = $"{name}.{suffix}", Meaning = meaning, Direction = direction, Unit = unit };
            if (over.Length < fewest)
                return new(measured with { Count = 0, Unscored = new Dictionary<string, int>(unscored) { [over.Length == 0 ? "nothing to compute it from" : $"fewer than {fewest} answers"] = scored.Length } }, []);
            var resampled = Bootstrap.Of(over.Length, draw => of([.. draw.Select(i => over[i])]), seed, Resamples);
            return new(measured with { Value = resampled.Statistic, Interval = resampled.Percentile() }, []);
        }

        return
        [
            MeasureSummary.OfMean(about with { Name = name + ".accuracy", Meaning = "Share of right answers.", Direction = Direction.Higher }, [.. answers.Select(a => a.Item)]),
            Measure("ece", $"Expected calibration error over {Bins} bins of equal mass: mean of |accuracy − confidence|.", Direction.Lower, "share", Bins, scored, s => CalibrationError.EqualMass(Confidences(s), Rights(s), Bins).Expected),
            Measure("ece_one_bin", "|accuracy − mean confidence| over all answers.", Direction.Lower, "share", 1, scored, s => CalibrationError.EqualMass(Confidences(s), Rights(s), 1).Expected),
            Measure("ece_after_platt", $"Expected calibration error over {Bins} bins once a logistic map of the confidence, fitted to the other half of the answers, is applied.", Direction.Lower, "share", Bins, AfterPlatt(scored), s => CalibrationError.EqualMass(Confidences(s), Rights(s), Bins).Expected),
            Measure("brier", "Mean of (confidence − right)².", Direction.Lower, "squared share", 1, scored, s => BrierScore.Of(Confidences(s), Rights(s)).Score),
            Measure("selective_accuracy_10", "Accuracy of the tenth of the answers that the model is surest of.", Direction.Higher, "share", 1, scored, s => SelectivePrediction.Of(Confidences(s), Rights(s)).AccuracyAt(0.1)),
            Measure("selective_accuracy_50", "Accuracy of the half of the answers that the model is surest of.", Direction.Higher, "share", 1, scored, s => SelectivePrediction.Of(Confidences(s), Rights(s)).AccuracyAt(0.5)),
            Measure("risk_coverage_area", "Area under the curve of the share of errors among the k surest answers, over k.", Direction.Lower, "share", 1, scored, s => SelectivePrediction.Of(Confidences(s), Rights(s)).Area),
        ];
    }

    /// <summary>Each half mapped by the fit to the other; every second answer, so that both halves are alike. Empty where a half has no fit, or there are fewer answers than bins.</summary>
    internal static (double Confidence, bool Right)[] AfterPlatt((double Confidence, bool Right)[] scored)
    {
        if (scored.Length < Bins)
            return [];
        (double Confidence, bool Right)[] Half(int rest) => [.. scored.Where((_, i) => i % 2 == rest)];
        var mapped = new List<(double Confidence, bool Right)>();
        for (var rest = 0; rest < 2; rest++)
        {
            var (fit, to) = (Half(1 - rest), Half(rest));
            if (Fit(fit) is not { } platt)
                return [];
            mapped.AddRange(to.Select(t => (platt.Apply(LogOdds(t.Confidence)), t.Right)));
        }

        return [.. mapped];
    }

    // Confidences that are all the same, or that tell right from wrong without a fault, have no likeliest map.
    private static PlattScaling? Fit((double Confidence, bool Right)[] scored)
    {
        try
        {
            return PlattScaling.Fit([.. scored.Select(f => LogOdds(f.Confidence))], Rights(scored));
        }
        catch (AlidadeException)
        {
            return null;
        }
    }

    private static double LogOdds(double p)
    {
        var inside = Math.Clamp(p, 1e-9, 1 - 1e-9);
        return Math.Log(inside / (1 - inside));
    }

    private static double[] Confidences((double Confidence, bool Right)[] scored) => [.. scored.Select(s => s.Confidence)];

    private static bool[] Rights((double Confidence, bool Right)[] scored) => [.. scored.Select(s => s.Right)];
}
