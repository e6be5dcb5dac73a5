using System.Globalization;
using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Evaluation.General;

namespace Alidade.Tests.Golden.Evaluation;

/// <summary>AlpacaEval: the raw win rate of published annotations, and length control on given ones.</summary>
[Golden("evaluation/metrics/alpaca_eval.json")]
public sealed class AlpacaEvalGoldenTests
{
    private const string FileName = "evaluation/metrics/alpaca_eval.json";

    /// <summary>liblinear stops early: its coefficients, and those of the exact optimum at the same strength (README, "Tolerances").</summary>
    private const double Liblinear = 2e-3;
    private const double Exact = 1e-6;

    public static IEnumerable<TheoryDataRow<string>> Raw() => Rows("raw", f => f.GetProperty("raw").EnumerateObject().Select(p => p.Name));

    public static IEnumerable<TheoryDataRow<string>> Fits() => Rows("glm", f => f.GetProperty("cases").EnumerateArray().Select(NameOf));

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Raw))]
    [Trait("Kind", "Golden")]
    public void The_win_rate_of_published_annotations_equals_the_reference(string path) => GoldenCase.Run("evaluation/alpaca_eval", path, golden =>
    {
        var name = path.Split('/')[^1];
        var file = Path.Combine(GoldenFolder.Data, "alpaca_eval", "results", name.Replace("_by_hand", "", StringComparison.Ordinal), "alpaca_eval_gpt4", "annotations.json");
        if (!File.Exists(file))
            throw new NotBuiltException("the case without its data beside the golden folder");
        var rate = WinRate.Of([.. AlpacaFile.ReadAnnotations(file).Rows.Select(r => r.Preference)]);
        foreach (var expected in Read().GetProperty("raw").GetProperty(name).EnumerateObject())
            golden.Relative(expected.Name, expected.Value.GetDouble(), expected.Name switch
            {
                "win_rate" => 100 * rate.Value,
                "standard_error" => 100 * rate.StandardError,
                "discrete_win_rate" => 100 * rate.DiscreteValue,
                "n_wins" => rate.Wins,
                "n_wins_base" => rate.Losses,
                "n_draws" => rate.Draws,
                "n_total" or "n" => rate.Count,
                "unscored" => rate.Unscored,
                _ => throw new NotBuiltException($"{expected.Name} of a win rate"),
            });
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Fits))]
    [Trait("Kind", "Golden")]
    public void Length_control_equals_the_reference(string path) => GoldenCase.Run("evaluation/alpaca_eval", path, golden =>
    {
        var file = Read();
        var expected = file.GetProperty("cases").EnumerateArray().Single(c => path.EndsWith("/glm/" + NameOf(c), StringComparison.Ordinal));
        var form = expected.GetProperty("glm").GetString()!;
        var difficulties = form == "length_controlled_minimal" ? null : Numbers(file.GetProperty("instruction_difficulty"));
        var preferences = Numbers(file.GetProperty(expected.GetProperty("name").GetString()!.StartsWith("soft", StringComparison.Ordinal) ? "preference_soft" : "preference_hard"));
        var (baseline, model) = (Numbers(file.GetProperty("len_1_baseline")), Numbers(file.GetProperty("len_2_model")));
        LengthControlPair[] pairs = [.. preferences.Select((p, i) => new LengthControlPair(p, (int)baseline[i], (int)model[i], difficulties?[i]))];
        var control = new LengthControl { Strengths = Numbers(expected.GetProperty("Cs")), Gamed = form == "length_controlled_v1" ? Gamed(file) : [] };

        // The raw rate, and the folds as they were dealt.
        var results = expected.GetProperty("results");
        var raw = WinRate.Of([.. pairs.Select(p => p.Preference)]);
        golden.Relative("win rate", results.GetProperty("win_rate").GetDouble(), 100 * raw.Value);
        golden.Relative("standard error", results.GetProperty("standard_error").GetDouble(), 100 * raw.StandardError);
        golden.Relative("discrete win rate", results.GetProperty("discrete_win_rate").GetDouble(), 100 * raw.DiscreteValue);
        golden.Equal("counts", $"{results.GetProperty("n_wins")} {results.GetProperty("n_wins_base")} {results.GetProperty("n_draws")} {results.GetProperty("n_total")}", $"{raw.Wins} {raw.Losses} {raw.Draws} {raw.Count}");
        int[] folds = [.. expected.GetProperty("fold_of_training_row").GetString()!.Select(c => c - '0')];
        var fit = control.Of(pairs, folds);

        // The fit: folds, strength, coefficients of both optima.
        foreach (var (fold, i) in expected.GetProperty("cv_scores_5_folds_x_Cs").EnumerateArray().Select((f, i) => (f, i)))
            golden.Close($"fold {i}", Numbers(fold), fit.FoldScores[i], 1e-4);
        golden.Relative("strength", expected.GetProperty("chosen_C").GetDouble(), fit.Strength);
        Coefficients(golden, expected.GetProperty("coefficients_exact_optimum_at_that_C"), fit.Coefficients, Exact);
        Coefficients(golden, expected.GetProperty("coefficients"), fit.Coefficients, Liblinear);

        // The prediction, from the reference's own coefficients, to rounding; from the fitted ones, as far as the coefficients may differ.
        var (value, error) = (results.GetProperty("length_controlled_winrate").GetDouble(), results.GetProperty("lc_standard_error").GetDouble());
        var theirs = Of(expected.GetProperty("coefficients"));
        double[] predicted = [.. pairs.Select(p => 100 * theirs.AtEqualLength(p.Difficulty ?? 0))];
        golden.Relative("length-controlled win rate from the reference's coefficients", value, Alidade.Core.Statistics.Mean.Value(predicted));
        golden.Close("length-controlled standard error from the reference's coefficients", error, Alidade.Core.Statistics.Mean.Of(predicted).StandardError, 1e-12);
        golden.Close("length-controlled win rate", value, 100 * fit.Value, 100 * Liblinear / 4);
        golden.Close("length-controlled standard error", error, 100 * fit.StandardError, 100 * Liblinear / 4);
    });

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Fits))]
    [Trait("Kind", "Golden")]
    public void Folds_are_dealt_as_the_reference_deals_them(string path) => GoldenCase.Run("evaluation/alpaca_eval", path + "/folds", golden =>
    {
        var expected = Read().GetProperty("cases").EnumerateArray().Single(c => path.EndsWith("/glm/" + NameOf(c), StringComparison.Ordinal)).GetProperty("fold_of_training_row").GetString()!;
        golden.Equal("folds", expected, string.Concat(LengthControl.Deal(expected.Length, 5).Select(f => f.ToString(CultureInfo.InvariantCulture))));
    });

    private static void Coefficients(GoldenCase golden, JsonElement expected, LengthControlCoefficients actual, double tolerance)
    {
        var theirs = Of(expected);
        golden.Close("length", theirs.Length, actual.Length, tolerance);
        golden.Close("difficulty", theirs.Difficulty, actual.Difficulty, tolerance);
        golden.Close("model", theirs.Model, actual.Model, tolerance);
    }

    private static LengthControlCoefficients Of(JsonElement coefficients)
    {
        double Named(string part) => coefficients.EnumerateObject().Where(p => p.Name.Contains(part, StringComparison.Ordinal)).Select(p => p.Value.GetDouble()).SingleOrDefault();
        return new(Named("std_delta_len"), Named("instruction_difficulty"), Named("not_gamed_baseline"));
    }

    private static GamedPair[] Gamed(JsonElement file)
    {
        var difficulties = Numbers(file.GetProperty("instruction_difficulty"));
        return [.. file.GetProperty("gamed").EnumerateArray().SelectMany(g =>
            Numbers(g.GetProperty("preference")).Zip(Numbers(g.GetProperty("std_delta_len")), difficulties).Select(p => new GamedPair(p.First, p.Second, p.Third)))];
    }

    private static string NameOf(JsonElement @case) => $"{@case.GetProperty("glm").GetString()}, {@case.GetProperty("name").GetString()}";

    private static IEnumerable<TheoryDataRow<string>> Rows(string kind, Func<JsonElement, IEnumerable<string>> names) =>
        GoldenFolder.Rows(() => File.Exists(GoldenFolder.PathOf(FileName)) ? names(Read()).Select(n => $"{FileName}/{kind}/{n}") : []);

    private static double[] Numbers(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetDouble())];

    private static JsonElement Read() => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(FileName))).RootElement;
}
