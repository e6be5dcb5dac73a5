using System.Text.Json;
using System.Xml.Linq;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;

namespace Alidade.Tests.Core.Reports;

public sealed class AlignmentReportTests
{
    private const string Evil = "<script>alert(1)</script>\"'&\0\u0007\u001b[31m\u0085\u202E\uD800\uFFFF<!-- ]]> http://evil.example";

    public static TheoryData<string> Reports => ["minimal", "rich", "evil"];

    [Theory]
    [MemberData(nameof(Reports))]
    public void The_page_is_well_formed_and_its_ids_are_unique(string which)
    {
        var ids = Parse(Made(which)).Descendants().Attributes("id").Select(a => a.Value).ToArray();
        Assert.Equal(ids.Distinct(), ids);
        Assert.Contains("summary", ids);
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public void The_page_fetches_nothing_and_every_link_stays_inside(string which)
    {
        var html = Made(which).ToHtml();
        var page = Parse(Made(which));
        Assert.Empty(page.Descendants().Attributes("src"));
        Assert.All(page.Descendants().Attributes("href"), a => Assert.NotNull(page.Descendants().SingleOrDefault(e => "#" + e.Attribute("id")?.Value == a.Value)));
        Assert.DoesNotContain("url(", html, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.Empty(page.Descendants("link"));
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public void Every_picture_and_table_has_a_title(string which)
    {
        var page = Parse(Made(which));
        Assert.All(page.Descendants("svg").Where(s => s.Attribute("aria-hidden") is null), s => Assert.False(string.IsNullOrWhiteSpace(s.Element("title")?.Value)));
        Assert.All(page.Descendants("table"), t => Assert.False(string.IsNullOrWhiteSpace(t.Element("caption")?.Value)));
        Assert.All(page.Descendants("section"), s => Assert.NotNull(s.Element("h2")));
    }

    [Fact]
    public void Foreign_text_is_escaped_in_every_field_and_control_characters_are_shown()
    {
        var html = Made("evil").ToHtml();
        var page = Parse(Made("evil"));
        Assert.Single(page.Descendants("script"));
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.DoesNotContain(html, c => char.IsControl(c) && c is not ('\n' or '\t') || c is '\u202E' || char.IsSurrogate(c) || c == '\uFFFF');
        Assert.Contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&amp;␀␇␛[31m⟨U+0085⟩⟨U+202E⟩\uFFFD⟨U+FFFF⟩", html, StringComparison.Ordinal);
        Assert.DoesNotContain(page.Descendants().Attributes(), a => a.Name.LocalName.StartsWith("on", StringComparison.Ordinal));

        var text = Made("evil").ToPlainText();
        Assert.DoesNotContain(text, c => char.IsControl(c) && c != '\n');
    }

    [Theory]
    [MemberData(nameof(Reports))]
    public void Json_reads_back_to_the_same_report(string which)
    {
        // A lone surrogate half is no text and no JSON can carry it.
        var report = which == "evil" ? JsonSerializer.Deserialize<AlignmentReport>(JsonSerializer.Serialize(Made(which), Json.Line), Json.Line)! : Made(which);
        var json = JsonSerializer.Serialize(report, Json.Line);
        var back = JsonSerializer.Deserialize<AlignmentReport>(json, Json.Line)!;
        Assert.Equal(json, JsonSerializer.Serialize(back, Json.Line));
        Assert.Equal(report.ToHtml(), back.ToHtml());
        Assert.Equal(report.ToPlainText(), back.ToPlainText());
    }

    [Fact]
    public void The_first_words_are_what_was_left_out_summed_over_data_measures_and_stages()
    {
        var page = Parse(MadeReport.Rich());
        var first = page.Descendants("section").First().Elements("p").First().Value;
        Assert.StartsWith("Not everything counts fully: 1 failed, 17 dropped, 2 without a score, 29 cut short.", first, StringComparison.Ordinal);
        Assert.StartsWith("Nothing was dropped", Parse(MadeReport.Minimal()).Descendants("section").First().Elements("p").First().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void The_terminal_gets_a_line_a_measure_with_values_difference_and_verdict()
    {
        var lines = MadeReport.Rich().ToPlainText().Split('\n');
        Assert.Equal("Of 8 measures: 1 got worse, 2 got better, 1 changed, 3 show no difference, 1 had too few items.", lines[1]);
        Assert.Contains(lines, l => l.Replace('\u00A0', ' ').EndsWith("Held-out preference accuracy   52.1 % → 71.3 %  +19.2 points (+12.5 to +26.0 points), n 200", StringComparison.Ordinal));
        Assert.True(lines.Length < 20);
    }

    [Fact]
    public void A_verdict_of_too_few_items_never_tells_a_difference()
    {
        var comparison = MadeReport.Shares("x", "m", Direction.Higher, (0.1, 0, 0.5), (0.9, 0.5, 1), (0.8, 0.1, 0.9), 3, Verdict.TooFewItems, null);
        var page = Parse(MadeReport.Minimal() with { Comparisons = [comparison] });
        Assert.Equal("X: 10.0 % before, 90.0 % after; only 3 items scored on both sides.", page.Descendants("li").First().Value.Replace('\u00A0', ' '));
    }

    [Theory]
    [InlineData(0.60, 0.52, 0.68, 0.5, "Yes, it can be told")]
    [InlineData(0.52, 0.46, 0.58, 0.5, "No leak seen by this attack")]
    [InlineData(0.40, 0.33, 0.47, 0.5, "No leak seen, but the sets differ")]
    public void The_leak_question_is_answered_from_the_interval(double value, double low, double high, double control, string begins)
    {
        var reading = MadeReport.Rich().Membership[0];
        MembershipSide At(double v, double l, double h) => reading.After with { Auroc = reading.After.Auroc with { Value = v, Interval = new Interval(l, h, 0.95, "DeLong") } };
        var answer = (reading with { After = At(value, low, high), Before = At(control, control - 0.05, control + 0.05) }).Answer();
        Assert.StartsWith(begins, answer, StringComparison.Ordinal);
        Assert.DoesNotContain("differ by themselves", answer, StringComparison.Ordinal);
        Assert.Contains("differ by themselves", (reading with { Before = At(0.6, 0.55, 0.65) }).Answer(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_whose_values_do_not_fit_is_one_clear_line()
    {
        var map = MadeReport.Rich().Maps[0];
        var broken = map with { Values = [.. map.Values.Select((row, layer) => layer == 4 ? (IReadOnlyList<double>)[0.5] : row)] };
        var error = Assert.Throws<AlidadeException>(() => (MadeReport.Minimal() with { Maps = [broken] }).ToHtml());
        Assert.Equal("map \"Average of 24 held-out pairs\", layer 4: 1 values for 7 positions; each position needs one value", error.Message);
    }

    [Fact]
    public void Curves_come_from_events_and_held_out_values_share_the_panel_of_their_training_values()
    {
        RunEvent Event(string stage, long step, Dictionary<string, double> values) => new(DateTimeOffset.UnixEpoch, stage, step, values);
        var curves = StageCurves.From([
            Event("sft", 1, new() { ["loss"] = 2, ["gradient_norm"] = 1 }),
            Event("sft", 2, new() { ["loss"] = 1.5, ["held_out_loss"] = 1.8 }),
            Event("dpo", 1, new() { ["loss"] = 0.69 })]);
        Assert.Equal(["sft", "dpo"], curves.Select(c => c.Stage));
        Assert.Equal(["loss", "gradient norm"], curves[0].Panels.Select(p => p.Title));
        Assert.Equal(["training", "held-out"], curves[0].Panels[0].Lines.Select(l => l.Name));
        Assert.Equal([new CurvePoint(2, 1.8)], curves[0].Panels[0].Lines[1].Points);
    }

    [Fact]
    public void What_cannot_be_told_says_how_many_items_would_tell_in_words_table_and_terminal()
    {
        var open = MadeReport.Rich().Comparisons[3] with { Verdict = Verdict.CannotTell, Margin = 0.01, ItemsToTell = 4321 };
        var report = MadeReport.Minimal() with { Comparisons = [open, open with { Name = "other", Verdict = Verdict.Unchanged, ItemsToTell = null }] };
        Assert.Contains("About 4,321 items would show a difference of 1.00\u00A0points.", report.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("Of 2 measures: 1 stayed, 1 cannot be told.", report.ToPlainText(), StringComparison.Ordinal);
        Assert.Contains("about 4,321 would tell", report.ToPlainText(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_made_up_page_is_kept_beside_the_tests_to_be_looked_at() =>
        AtomicFile.WriteAllText(Path.Combine(AppContext.BaseDirectory, "made-report.html"), MadeReport.Rich().ToHtml());

    private static AlignmentReport Made(string which)
    {
        if (which != "evil")
            return which == "rich" ? MadeReport.Rich() : MadeReport.Minimal();

        // Every text of the rich report, replaced.
        var measurement = MadeReport.Rich().Comparisons[0].After with { Name = Evil, Meaning = Evil, Unit = Evil, Unscored = new Dictionary<string, int> { [Evil] = 1 }, Interval = new Interval(0, 1, 0.95, Evil), Direction = Direction.TowardsIdeal, Ideal = 0.5 };
        var comparison = MadeReport.Rich().Comparisons[0] with { Name = Evil, Before = measurement, After = measurement, Test = Evil };
        var side = new MembershipSide(measurement, measurement, [new(double.PositiveInfinity, 0, 0, 0, 0), new(double.NaN, 0, 0, double.NaN, 1)]);
        return MadeReport.Rich() with
        {
            Title = Evil,
            Run = Evil,
            Command = Evil,
            Recipe = Evil,
            RecipeSummary = [Evil],
            AlidadeVersion = Evil,
            Model = new ReportModel { Name = Evil, Architecture = Evil, Parameters = 1, Hash = Evil, NumberType = Evil, Adapter = new ReportAdapter(Evil, 1, 1, 1, [Evil]) },
            Environment = new RunEnvironment(Evil, Evil, Evil, 1, 1),
            Seeds = new Dictionary<string, long> { [Evil] = 1 },
            Data = [new ReportData { Name = Evil, Purpose = Evil, Hash = Evil, Rows = 1, Used = 1, Dropped = new Dictionary<string, int> { [Evil] = 1 } }],
            Labels = new Dictionary<string, string> { [Evil] = Evil },
            Calibrations = new Dictionary<string, IReadOnlyList<InstrumentCalibration>> { [Evil] = [new(Evil, 1, new Interval(0, 1, 0.95, Evil), 1, 1, double.NaN, Evil)] },
            Distance = [measurement],
            Objectives = [Evil],
            Warnings = [new StageWarning(Evil, new ReportWarning(1, Evil, Evil))],
            Costs = [new PhaseCost(Evil, new Cost(1, double.NaN))],
            Written = [Evil],
            Comparisons = [comparison],
            Attacks = [new AttackComparison(Evil, Bound.Estimate, Evil, comparison)],
            Membership = [new MembershipReading { Attack = Evil, Meaning = Evil, Members = 1, NonMembers = 1, Before = side, After = side }],
            Maps = [new ShiftMap { Title = Evil, Meaning = Evil, Pairs = 1, Layers = [Evil], Positions = [new MapPosition(Evil, TextPart.Answer), new MapPosition("", TextPart.Prompt)], Values = [[double.NaN, -3]] }],
            Lenses = [new LensComparison(Evil, [new LensLayer(Evil, [new LensToken(Evil, double.NaN)], [])])],
            Samples = [new SampleComparison(Evil, Evil, Evil, new SampleSide(Evil, Evil, Evil, true), new SampleSide(Evil, Evil, Evil))],
            Curves = [new StageCurves(Evil, [new CurvePanel(Evil, [new Curve(Evil, [new(0, double.NaN), new(1, 1e300), new(2, -1e300)]), new Curve(Evil, [])])])],
            LeftOut = [new LeftOut(Evil, LeftOutKind.Failed, Evil, 1)],
        };
    }

    private static XElement Parse(AlignmentReport report) => XDocument.Parse(report.ToHtml().Replace("<!DOCTYPE html>", "", StringComparison.Ordinal)).Root!;
}
