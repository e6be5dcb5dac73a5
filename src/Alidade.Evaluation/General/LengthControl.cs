using Alidade.Core;
using Alidade.Core.Statistics;

namespace Alidade.Evaluation.General;

/// <summary>A judged pair with the lengths of its answers.</summary>
/// <param name="Preference">1 the baseline is better … 2 the model is better; null when unjudged: the pair is predicted, but nothing is learned from it.</param>
/// <param name="BaselineLength">Length of the baseline's answer, in characters (code points).</param>
/// <param name="Length">Length of the model's answer, in characters (code points).</param>
/// <param name="Difficulty">Difficulty of the instruction; null in all pairs for a model without such a term.</param>
public sealed record LengthControlPair(double? Preference, int BaselineLength, int Length, double? Difficulty = null);

/// <summary>A pair of a baseline that was told to be short or long on purpose.</summary>
/// <param name="Preference">Share of the judge's preference for it, in [0, 1].</param>
/// <param name="LengthDifference">Standardised difference of lengths.</param>
/// <param name="Difficulty">Difficulty of the instruction.</param>
public sealed record GamedPair(double Preference, double LengthDifference, double Difficulty);

/// <summary>Coefficients of the length-controlled model.</summary>
/// <param name="Length">Of tanh(Δ/σ).</param>
/// <param name="Difficulty">Of the instruction's difficulty; 0 when the model has no such term.</param>
/// <param name="Model">Of the model itself.</param>
public sealed record LengthControlCoefficients(double Length, double Difficulty, double Model)
{
    /// <summary>The preference for the model at equal lengths, σ(difficulty·d + model).</summary>
    public double AtEqualLength(double difficulty) => L1Logistic.Sigmoid((Difficulty * difficulty) + Model);
}

/// <summary>What length control gives.</summary>
/// <param name="Value">Mean of the preferences predicted at equal lengths, in [0, 1].</param>
/// <param name="StandardError">Their standard error s/√n, as AlpacaEval prints it. It is the spread of the predictions, not the uncertainty of the fit.</param>
/// <param name="Coefficients">The fitted coefficients.</param>
/// <param name="Strength">The strength C that cross-validation chose.</param>
/// <param name="FoldScores">Minus the log-loss of each fold for each strength, [folds][strengths].</param>
public sealed record LengthControlledWinRate(double Value, double StandardError, LengthControlCoefficients Coefficients, double Strength, IReadOnlyList<IReadOnlyList<double>> FoldScores)
{
    /// <summary>True when the number is so far from the raw win rate that the fit may have failed: more than 10 points and more than a quarter of what is left.</summary>
    /// <remarks>AlpacaEval's <c>get_is_extreme_changes</c>.</remarks>
    /// <param name="raw">Raw win rate, in [0, 1].</param>
    public bool IsExtremeBeside(double raw) => Value < Math.Min(raw * 0.75, raw - 0.1) || Value > Math.Max(raw + ((1 - raw) / 4), raw + 0.1);
}

/// <summary>
/// Length-controlled win rate: a logistic model of the judge's preference, logit p = a·tanh(Δ/σ) + b·difficulty + c with Δ the baseline's length minus the model's and σ its sample
/// deviation, is fitted with an L1 penalty whose strength is chosen by cross-validation, and asked what the preference would be at Δ = 0.
/// </summary>
/// <remarks>
/// Dubois et al. 2024 (arXiv 2404.04475); alpaca_eval 0.6.6 <c>glm_winrate.py</c>: with difficulties and <see cref="Gamed"/> pairs it is <c>length_controlled_v1</c>, without gamed
/// pairs <c>length_controlled_noreg</c>, without both <c>length_controlled_minimal</c>. The project keeps its difficulties and gamed pairs apart from its code; numbers of the
/// leaderboard need them. The fit is exact, where liblinear's last digits are not.
/// </remarks>
public sealed record LengthControl
{
    /// <summary>Pairs of baselines told to be short or long, which keep the length's coefficient from explaining quality; empty for none.</summary>
    public IReadOnlyList<GamedPair> Gamed { get; init; } = [];

    /// <summary>Weight of one gamed pair. Default 0.1: λ = 0.2 over two gamed baselines.</summary>
    public double GamedWeight { get; init; } = 0.1;

    /// <summary>Folds of the cross-validation. Default 5.</summary>
    public int Folds { get; init; } = 5;

    /// <summary>Strengths to choose from. Default ten from 1e-4 to 1e4, even in their logarithm.</summary>
    public IReadOnlyList<double> Strengths { get; init; } = [.. Enumerable.Range(0, 10).Select(i => Math.Pow(10, -4 + (8 * i / 9.0)))];

    /// <summary>Fits and predicts.</summary>
    /// <param name="pairs">One pair an instruction.</param>
    /// <exception cref="AlidadeException">There are too few judged pairs, some have a difficulty and some not, or all answers differ in length by the same.</exception>
    public LengthControlledWinRate Of(IReadOnlyList<LengthControlPair> pairs)
    {
        var rows = Gamed.Count + pairs.Count(p => p.Preference is not null);
        return Of(pairs, Deal(rows, Folds));
    }

    /// <summary>The fold of each row, as sklearn's GroupKFold deals groups of one size: from the last to the first.</summary>
    internal static int[] Deal(int rows, int folds) => [.. Enumerable.Range(0, rows).Select(i => (rows - 1 - i) % folds)];

    internal LengthControlledWinRate Of(IReadOnlyList<LengthControlPair> pairs, IReadOnlyList<int> folds)
    {
        // 1. Features: gamed pairs first, then what was judged.
        var (x, y, w) = Design(pairs);
        if (x.Length - Gamed.Count < Folds)
            throw new AlidadeException($"length control needs at least {Folds} judged pairs, one a fold; there are {x.Length - Gamed.Count}");
        if (folds.Count != x.Length)
            throw new ArgumentException($"{folds.Count} folds for {x.Length} rows", nameof(folds));

        // 2. The strength with the best mean score over the folds; the first of equals.
        double[][] scores = [.. Enumerable.Range(0, Folds).Select(fold => (double[])[.. Strengths.Select(c => FoldScore(x, y, w, folds, fold, c))])];
        double[] means = [.. Enumerable.Range(0, Strengths.Count).Select(c => scores.Average(s => s[c]))];
        var strength = Strengths[Array.IndexOf(means, means.Max())];

        // 3. The fit on everything, and the prediction at equal lengths for every pair, judged or not.
        var coefficients = Fit(x, y, w, strength);
        var predicted = Mean.Of([.. pairs.Select(p => coefficients.AtEqualLength(p.Difficulty ?? 0))]);
        return new(predicted.Value, predicted.StandardError, coefficients, strength, scores);
    }

    /// <summary>The predicted win rate alone, at the one strength there is: no cross-validation.</summary>
    internal double Predict(IReadOnlyList<LengthControlPair> pairs)
    {
        var (x, y, w) = Design(pairs);
        var coefficients = Fit(x, y, w, Strengths.Single());
        return Mean.Value([.. pairs.Select(p => coefficients.AtEqualLength(p.Difficulty ?? 0))]);
    }

    private static LengthControlCoefficients Fit(double[][] x, double[] y, double[] w, double strength)
    {
        var b = L1Logistic.Fit(x, y, w, strength);
        return new(b[0], b.Length == 3 ? b[1] : 0, b[^1]);
    }

    private (double[][] X, double[] Y, double[] W) Design(IReadOnlyList<LengthControlPair> pairs)
    {
        var spread = pairs.Count < 2 ? 0 : Mean.SampleDeviation([.. pairs.Select(p => (double)p.BaselineLength - p.Length)]);
        if (!(spread > 0))
            throw new AlidadeException($"length control of {pairs.Count} pairs: the lengths of all pairs differ by the same, so there is nothing to control");
        var withDifficulty = pairs.Count(p => p.Difficulty is not null);
        if (withDifficulty > 0 && withDifficulty < pairs.Count)
            throw new AlidadeException($"length control: {withDifficulty} of {pairs.Count} instructions have a difficulty; give one to all or to none");
        double[] Features(double lengths, double? difficulty, double isModel) => withDifficulty > 0 ? [Math.Tanh(lengths), difficulty!.Value, isModel] : [Math.Tanh(lengths), isModel];
        var judged = pairs.Where(p => p.Preference is not null).ToArray();
        return (
        [
            .. Gamed.Select(g => Features(g.LengthDifference, g.Difficulty, 0)),
            .. judged.Select(p => Features((p.BaselineLength - p.Length) / spread, p.Difficulty, 1)),
        ],
        [.. Gamed.Select(g => g.Preference), .. judged.Select(p => p.Preference!.Value - 1)],
        [.. Gamed.Select(_ => GamedWeight), .. judged.Select(_ => 1.0)]);
    }

    private static double FoldScore(double[][] x, double[] y, double[] w, IReadOnlyList<int> folds, int fold, double strength)
    {
        T[] Where<T>(T[] values, bool inFold) => [.. values.Where((_, i) => folds[i] == fold == inFold)];
        var b = L1Logistic.Fit(Where(x, false), Where(y, false), Where(w, false), strength);
        var (heldOut, labels, weights) = (Where(x, true), Where(y, true), Where(w, true));
        return heldOut.Select((row, i) =>
        {
            var q = Math.Clamp(L1Logistic.Sigmoid(L1Logistic.Score(row, b)), 1e-15, 1 - 1e-15);
            return weights[i] * ((labels[i] * Math.Log(q)) + ((1 - labels[i]) * Math.Log(1 - q)));
        }).Average();
    }
}
