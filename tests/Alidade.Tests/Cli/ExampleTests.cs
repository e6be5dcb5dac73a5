using System.Text.Json;
using System.Text.Json.Nodes;
using Alidade.Cli.Align;
using Alidade.Core.Files;
using Alidade.Core.Recipes;
using Alidade.Core.Reports;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Organisms.Base;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Cli;

/// <summary>Every recipe of <c>examples/</c> runs from its first measure to its report, in a short form.</summary>
public sealed class ExampleTests(ExampleRuns examples)
{
    private const string Real = "smollm2-hh-harmless.yaml";

    public static bool AreThere => ExampleRuns.AreThere;

    public static bool DataIsThere => ExampleRuns.AreThere && Directory.Exists(GoldenFolder.Data);

    public static TheoryData<string> OnTheEmbeddedModel() =>
        [.. AreThere ? Directory.GetFiles(ExampleRuns.Folder!, "*.yaml").Select(f => Path.GetFileName(f)!).Where(f => f != Real).Order(StringComparer.Ordinal).ToArray() : []];

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(OnTheEmbeddedModel))]
    public void An_example_runs_every_stage_and_reports_finite_numbers(string file) => IsWhole(file, examples.Of(file), BaseModel.Shipped);

    // The model and the files are real ones; here they meet a small model of random weights, which reads a letter at a time.
    [Fact(SkipUnless = nameof(DataIsThere), Skip = "the published data lie beside the golden folder, which is absent")]
    public void The_example_on_published_data_runs_on_any_model()
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"), context: 1024);
        IsWhole(Real, examples.Of(Real, model, maxLength: 512), model);
    }

    [Fact(SkipUnless = nameof(AreThere), Skip = "the tests run apart from the sources")]
    public void The_short_form_is_the_recipe_with_less_of_everything()
    {
        foreach (var file in Directory.GetFiles(ExampleRuns.Folder!, "*.yaml"))
        {
            var (whole, shorter) = (Recipe.Read<AlignRecipe>(file), Recipe.Parse<AlignRecipe>(ExampleRuns.Shortened(File.ReadAllText(file)), file));
            Assert.Equal((whole.Title, whole.World, whole.Seed, whole.Data, whole.Export, whole.SmallestDifference), (shorter.Title, shorter.World, shorter.Seed, shorter.Data, shorter.Export, shorter.SmallestDifference));
            Assert.Equal(Measured(whole).Order(StringComparer.Ordinal), Measured(shorter).Order(StringComparer.Ordinal));
            var (stages, cut) = (AlignStage.Read(whole, file), AlignStage.Read(shorter, file));
            Assert.Equal(stages.Select(s => (s.Name, s.Objective)), cut.Select(s => (s.Name, s.Objective)));
            Assert.All(cut, s => Assert.True(s.Settings.Training.MaxUpdates <= 2, s.Name));
        }
    }

    private static void IsWhole(string file, string run, string model)
    {
        var recipe = Recipe.Read<AlignRecipe>(Path.Combine(ExampleRuns.Folder!, file));
        var stages = AlignStage.Read(recipe, file);
        var view = RunView.Open(run);
        Assert.Equal(RunState.Done, view.Record.State);
        var done = view.Stages().Select(s => s.Stage).ToArray();
        foreach (var stage in stages)
            Assert.Contains("train." + stage.Name, done);
        // What is done before is done after, by the same names.
        string[] Of(string phase) => [.. done.Where(s => s.StartsWith(phase + ".", StringComparison.Ordinal) && s != "after.distance").Select(s => s[(phase.Length + 1)..]).Order(StringComparer.Ordinal)];
        Assert.Equal(Of(Phases.Before), Of(Phases.After));
        Assert.Contains("attack.prefilled_answer", Of(Phases.After));
        Assert.Superset(new HashSet<string> { "after.distance", "open.shift", "open.lens.before", "open.lens.after" }, done.ToHashSet());

        var record = Path.Combine(run, "report.json");
        var report = Json.ReadFile<AlignmentReport>(record);
        Assert.Equal(stages.Select(s => s.Name), report.Curves.Select(c => c.Stage));
        Assert.Equal(2, report.Attacks.Count);
        // A model of random weights may say nothing, and then every item is counted as such.
        Assert.All(
            report.Comparisons.Concat(report.Attacks.Select(a => a.Rate)).SelectMany(c => (Measurement[])[c.Before, c.After]),
            m => Assert.True(m is { Value: not null, Count: > 0 } || (model != BaseModel.Shipped && m.Unscored.Values.Sum() > 0), m.Name));
        Assert.Superset(Measured(recipe), report.Comparisons.Select(c => c.Name).ToHashSet());
        Assert.NotEmpty(report.Distance);
        Assert.NotEmpty(report.Maps);
        Assert.NotEmpty(report.Samples);
        // Above every score: the threshold at which a curve begins.
        Assert.DoesNotContain(NotFinite(JsonNode.Parse(File.ReadAllText(record)), "report"), n => !n.EndsWith(".curve[0].threshold: Infinity", StringComparison.Ordinal));
        foreach (var written in (string[])["report.html", "model-card.md"])
            Assert.NotEqual(0, new FileInfo(Path.Combine(run, written)).Length);
        using var loaded = CausalLM.Load(model);
        foreach (var adapter in stages.Select(s => "adapter-" + s.Name).Append(AlignJob.AdapterFolder))
            PeftFolder.Load(loaded, Path.Combine(run, adapter)).Dispose();
    }

    // The measures that each file of the recipe must have given.
    private static HashSet<string> Measured(AlignRecipe recipe) =>
    [
        "behaviour.preference.accuracy",
        .. recipe.Measures.Perplexity is null ? (string[])[] : ["general.nats_per_token"],
        .. recipe.Measures.CrowsPairs is null ? (string[])[] : ["bias.crows_pairs"],
        .. recipe.Measures.TruthfulQa is null ? (string[])[] : ["factuality.truthfulqa.mc1", "factuality.truthfulqa.mc2"],
        .. recipe.Measures.Refusals is null ? (string[])[] : ["behaviour.refusal", "behaviour.over_refusal"],
    ];

    // A number that is none is written as a text.
    private static IEnumerable<string> NotFinite(JsonNode? node, string path) => node switch
    {
        JsonObject members => members.SelectMany(m => NotFinite(m.Value, $"{path}.{m.Key}")),
        JsonArray items => items.SelectMany((item, i) => NotFinite(item, $"{path}[{i}]")),
        JsonValue value when value.GetValueKind() == JsonValueKind.String && (string?)value is "NaN" or "Infinity" or "-Infinity" => [$"{path}: {value}"],
        _ => [],
    };
}
