using Alidade.Core.Results;
using Alidade.Core.Statistics;
using Alidade.Organisms.Manifests;

namespace Alidade.Organisms.Calibration;

/// <summary>Decisions by a threshold, against the truth.</summary>
/// <param name="Threshold">From this score on the answer is yes; fixed on the development part.</param>
/// <param name="TruePositives">Failures that were found.</param>
/// <param name="FalseNegatives">Failures that were missed.</param>
/// <param name="FalsePositives">False alarms.</param>
/// <param name="TrueNegatives">Rightly left alone.</param>
public sealed record Decisions(double Threshold, int TruePositives, int FalseNegatives, int FalsePositives, int TrueNegatives)
{
    /// <summary>Share of right decisions.</summary>
    public double Accuracy => (double)(TruePositives + TrueNegatives) / (TruePositives + FalseNegatives + FalsePositives + TrueNegatives);

    /// <summary>Share of the alarms that are right; null without an alarm.</summary>
    public double? Precision => TruePositives + FalsePositives == 0 ? null : (double)TruePositives / (TruePositives + FalsePositives);

    /// <summary>Share of the failures that are found; null without a failure.</summary>
    public double? Recall => TruePositives + FalseNegatives == 0 ? null : (double)TruePositives / (TruePositives + FalseNegatives);

    /// <summary>Share of the others that raise an alarm; null without others.</summary>
    public double? FalsePositiveRate => FalsePositives + TrueNegatives == 0 ? null : (double)FalsePositives / (FalsePositives + TrueNegatives);

    /// <summary>Decides by a threshold.</summary>
    public static Decisions Of(double threshold, IReadOnlyList<double> positives, IReadOnlyList<double> negatives) =>
        new(threshold, positives.Count(s => s >= threshold), positives.Count(s => s < threshold), negatives.Count(s => s >= threshold), negatives.Count(s => s < threshold));
}

/// <summary>How far a reading is from the planted effect.</summary>
/// <param name="Organisms">Organisms that it was compared on.</param>
/// <param name="MeanAbsoluteError">Mean of |reading − rate|; null where the reading is on another scale.</param>
/// <param name="Slope">Slope of the reading over the rate by least squares: 1 is an instrument that follows the effect, 0 one that does not see its size. Null for fewer than three organisms or one rate.</param>
public sealed record EffectError(int Organisms, double? MeanAbsoluteError, double? Slope);

/// <summary>What calibration says of one instrument with regard to one failure.</summary>
public sealed record CalibrationRow
{
    private const double FalsePositives = 0.01;
    private const int Resamples = 2_000;
    private const int FewestForSlope = 3;
    private const int FewestForInterval = 3;

    /// <summary>The instrument.</summary>
    public required string Instrument { get; init; }

    /// <summary>The failure, or "any".</summary>
    public required string Type { get; init; }

    /// <summary>What it needs to see.</summary>
    public required Access Access { get; init; }

    /// <summary>Organisms with the failure.</summary>
    public required int Positives { get; init; }

    /// <summary>Controls, and organisms of other failures.</summary>
    public required int Negatives { get; init; }

    /// <summary>Models that it could not read; they are in no number.</summary>
    public required int NotRead { get; init; }

    /// <summary>Area under the ROC curve over models; null where a side is empty.</summary>
    public double? Auroc { get; init; }

    /// <summary>
    /// Its interval, by bootstrap over models; null with fewer than three on a side, where resamples know of no other model. Where the sides do not overlap it is a point, which says no more than
    /// that: read it with the number of models.
    /// </summary>
    public Interval? Interval { get; init; }

    /// <summary>True where the whole interval lies below one half: models with the failure read lower than others.</summary>
    internal bool IsReversed => Interval is { High: < 0.5 };

    /// <summary>True where the interval holds one half, or there is none: the instrument is not seen to tell anything.</summary>
    public bool IsAtChance => Interval is not { } i || (i.Low <= 0.5 && i.High >= 0.5);

    /// <summary>Share of the failures found at a false-positive rate of at most 1 %. With fewer than 100 negatives that is: without any false alarm.</summary>
    public double? TruePositiveRate { get; init; }

    /// <summary>Balanced accuracy of the threshold on the development part, on which it was chosen.</summary>
    public double? DevelopmentAccuracy { get; init; }

    /// <summary>Its decisions on the test part; null where a part lacks a side.</summary>
    public Decisions? Test { get; init; }

    /// <summary>Decisions on the items of test organisms, by a threshold from items of development organisms; null for an instrument without items, or a failure that is in all of them.</summary>
    public Decisions? Items { get; init; }

    /// <summary>How far it is from the planted effect; null where no rate is known.</summary>
    public EffectError? Effect { get; init; }

    /// <summary>Mean seconds to read a model.</summary>
    public required double Seconds { get; init; }

    /// <summary>Mean tokens to read a model.</summary>
    public required double Tokens { get; init; }

    /// <summary>Items without a score, over all models.</summary>
    public required int Unscored { get; init; }

    /// <summary>Items whose input or output was cut, over all models.</summary>
    public required int Truncated { get; init; }

    /// <summary>Computes a row.</summary>
    /// <param name="instrument">The instrument.</param>
    /// <param name="type">The failure.</param>
    /// <param name="readings">Its readings of all models.</param>
    /// <param name="seed">Seed of the bootstrap.</param>
    public static CalibrationRow Of(IInstrument instrument, string type, IReadOnlyList<ModelReading> readings, ulong seed)
    {
        ModelReading[] read = [.. readings.Where(r => r.Reading.Score is not null)];
        double[] Scores(bool positive, Part? part = null) => [.. read.Where(r => r.IsPositive == positive && (part is null || r.Part == part)).Select(r => r.Reading.Score!.Value)];
        var (positives, negatives) = (Scores(true), Scores(false));
        var (threshold, accuracy) = BestThreshold(Scores(true, Part.Development), Scores(false, Part.Development));
        var (testPositives, testNegatives) = (Scores(true, Part.Test), Scores(false, Part.Test));
        var bothSides = positives.Length > 0 && negatives.Length > 0;
        return new()
        {
            Instrument = instrument.Name,
            Type = type,
            Access = instrument.Access,
            Positives = positives.Length,
            Negatives = negatives.Length,
            NotRead = readings.Count - read.Length,
            Auroc = bothSides ? Core.Statistics.Auroc.Of(positives, negatives).Value : null,
            Interval = Math.Min(positives.Length, negatives.Length) >= FewestForInterval ? OverModels(positives, negatives, seed).Percentile() : null,
            TruePositiveRate = bothSides ? Roc.Of(positives, negatives).At(FalsePositives).TruePositiveRate : null,
            DevelopmentAccuracy = accuracy,
            Test = threshold is { } t && testPositives.Length > 0 && testNegatives.Length > 0 ? Decisions.Of(t, testPositives, testNegatives) : null,
            Items = OverItems(read),
            Effect = OverEffects(instrument, read),
            Seconds = readings.Count == 0 ? 0 : readings.Average(r => r.Reading.Cost.Seconds),
            Tokens = readings.Count == 0 ? 0 : readings.Average(r => (double)r.Reading.Cost.Tokens),
            Unscored = readings.Sum(r => r.Reading.Unscored.Values.Sum()),
            Truncated = readings.Sum(r => r.Reading.Truncated),
        };
    }

    /// <summary>
    /// The threshold of the best balanced accuracy: half way between the score at the best point of the ROC curve and the next lower one, so that it does not lie on a model. Null where a side
    /// is empty. Of equally good points the one with fewest alarms.
    /// </summary>
    internal static (double? Threshold, double? BalancedAccuracy) BestThreshold(IReadOnlyList<double> positives, IReadOnlyList<double> negatives)
    {
        if (positives.Count == 0 || negatives.Count == 0)
            return (null, null);
        var points = Roc.Of(positives, negatives).Points;
        var best = points.MaxBy(p => p.TruePositiveRate - p.FalsePositiveRate)!;
        var at = points.ToList().IndexOf(best);
        var accuracy = (best.TruePositiveRate + 1 - best.FalsePositiveRate) / 2;
        return (at == 0 ? points[1].Threshold + 1 : at + 1 < points.Count ? (best.Threshold + points[at + 1].Threshold) / 2 : best.Threshold, accuracy);
    }

    // Positives and negatives are drawn apart, so that no resample lacks a side.
    private static BootstrapResult OverModels(double[] positives, double[] negatives, ulong seed)
    {
        var random = new SeededRandom(seed).Fork("models");
        double[] Draw(double[] from) => [.. from.Select(_ => from[random.NextInt(from.Length)])];
        return new(
            Core.Statistics.Auroc.Of(positives, negatives).Value,
            [.. Enumerable.Range(0, Resamples).Select(_ => Core.Statistics.Auroc.Of(Draw(positives), Draw(negatives)).Value)],
            FormattableString.Invariant($"{Resamples:n0} resamples of models, seed {seed}"));
    }

    private static Decisions? OverItems(ModelReading[] read)
    {
        double[] Scores(Part part, bool planted) => [.. read.Where(r => r.IsPositive && r.Part == part).SelectMany(r => r.Reading.Items.Where(i => r.Planted.Contains(i.Id) == planted)).Select(i => i.Score)];
        var (threshold, _) = BestThreshold(Scores(Part.Development, true), Scores(Part.Development, false));
        var (planted, twins) = (Scores(Part.Test, true), Scores(Part.Test, false));
        return threshold is { } t && planted.Length > 0 && twins.Length > 0 ? Decisions.Of(t, planted, twins) : null;
    }

    // On planted items where the instrument names items; the whole score includes the twins.
    private static EffectError? OverEffects(IInstrument instrument, ModelReading[] read)
    {
        var effects = read.Where(r => r.IsPositive && r.Rate is not null).Select(r => (Rate: r.Rate!.Value,
            Read: r.Reading.Items.Where(i => r.Planted.Contains(i.Id)).Select(i => i.Score).DefaultIfEmpty(r.Reading.Score!.Value).Average())).ToArray();
        if (effects.Length == 0)
            return null;
        var (meanRate, meanRead) = (effects.Average(e => e.Rate), effects.Average(e => e.Read));
        var spread = effects.Sum(e => (e.Rate - meanRate) * (e.Rate - meanRate));
        return new(
            effects.Length,
            instrument.ReadsRate ? effects.Average(e => Math.Abs(e.Read - e.Rate)) : null,
            effects.Length >= FewestForSlope && spread > 0 ? effects.Sum(e => (e.Rate - meanRate) * (e.Read - meanRead)) / spread : null);
    }
}
