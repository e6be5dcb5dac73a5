using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Alidade.Core.Statistics;

namespace Alidade.Tests.Golden;

/// <summary>ROC, area and rates of the membership tables: a lower score speaks for a member, so the curve is built on the negated score.</summary>
[Golden("redteam/membership_roc.json")]
public sealed class MembershipRocGoldenTests
{
    private const string FileName = "redteam/membership_roc.json";
    private const double Tolerance = 1e-10;

    public static IEnumerable<TheoryDataRow<string>> Tables() => GoldenFolder.Rows(() =>
        File.Exists(GoldenFolder.PathOf(FileName)) ? Read().Select(t => $"redteam/membership_roc/{t.GetProperty("name").GetString()}") : []);

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Tables))]
    [Trait("Kind", "Golden")]
    public void Areas_and_rates_equal_the_reference(string path) => GoldenCase.Run("redteam/roc", path, golden =>
    {
        var table = Read().Single(t => path.EndsWith("/" + t.GetProperty("name").GetString(), StringComparison.Ordinal));
        double[] members = [.. Doubles(table, "members").Select(s => -s)], others = [.. Doubles(table, "nonmembers").Select(s => -s)];
        var curve = Roc.Of(members, others);
        var area = Auroc.Of(members, others);
        golden.Close("auc", table.GetProperty("auc").GetDouble(), area.Value, Tolerance);
        golden.Close("standard error", table.GetProperty("delong_standard_error").GetDouble(), area.StandardError, Tolerance);
        golden.Close("youden", table.GetProperty("youden").GetDouble(), curve.Youden, Tolerance);
        golden.Close("balanced accuracy", table.GetProperty("best_balanced_accuracy").GetDouble(), curve.BestBalancedAccuracy, Tolerance);
        golden.Close("average precision", table.GetProperty("average_precision_member_positive").GetDouble(), curve.AveragePrecision, Tolerance);
        var flipped = Roc.Of([.. others.Select(s => -s)], [.. members.Select(s => -s)]);
        golden.Close("precision-recall area", table.GetProperty("pr_auc_trapezoid_nonmember_positive").GetDouble(), flipped.PrecisionRecallTrapezoid, Tolerance);
        if (table.GetProperty("fpr").ValueKind == JsonValueKind.Array)
        {
            golden.Close("fpr", Doubles(table, "fpr"), [.. curve.Corners.Select(p => p.FalsePositiveRate)], Tolerance);
            golden.Close("tpr", Doubles(table, "tpr"), [.. curve.Corners.Select(p => p.TruePositiveRate)], Tolerance);
        }

        var limits = table.EnumerateObject().Select(p => (p.Value, Match: Regex.Match(p.Name, @"^tpr_at_fpr_([0-9.]+)_largest_threshold_not_above$"))).Where(p => p.Match.Success).ToArray();
        Assert.NotEmpty(limits);
        foreach (var (value, match) in limits)
            golden.Close(match.Value, value.GetDouble(), curve.At(double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture)).TruePositiveRate, Tolerance);
    });

    private static IEnumerable<JsonElement> Read() => JsonDocument.Parse(File.ReadAllBytes(GoldenFolder.PathOf(FileName))).RootElement.GetProperty("tables").EnumerateArray();

    private static double[] Doubles(JsonElement e, string name) => [.. e.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];
}
