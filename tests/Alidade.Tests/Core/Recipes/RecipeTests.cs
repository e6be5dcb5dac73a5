using Alidade.Core;
using Alidade.Core.Recipes;

namespace Alidade.Tests.Core.Recipes;

public sealed class RecipeTests
{
    private enum Schedule
    {
        Cosine,
        WarmupStableDecay,
    }

    private sealed record Trainer : IValidated
    {
        public double LearningRate { get; init; } = 1e-4;

        public Schedule Schedule { get; init; }

        public int? Steps { get; init; } = 5;

        public bool Shuffle { get; init; } = true;

        public IEnumerable<string> Violations()
        {
            if (LearningRate <= 0)
                yield return $"learning_rate: {LearningRate} is not above 0";
            if (Steps < 1)
                yield return $"steps: {Steps} is below 1";
        }
    }

    private sealed record Holder
    {
        public Trainer Dpo { get; init; } = new();

        public string Model { get; init; } = "embedded";

        public ulong Seed { get; init; } = 1;

        public IReadOnlyList<string> Measures { get; init; } = ["all"];

        public IReadOnlyDictionary<string, double> Weights { get; init; } = new Dictionary<string, double>();
    }

    private sealed record Shape
    {
        public required double Width { get; init; }

        public required string Name { get; init; }

        public int Sides { get; init; } = 4;
    }

    private sealed record Drawing
    {
        public RecipePart? Shape { get; init; }
    }

    public abstract record Form
    {
        public abstract string Name { get; }
    }

    public sealed record Circle : Form
    {
        public override string Name => "circle";

        public double Radius { get; init; } = 1;

        public double Line { get; init; } = 2;
    }

    public sealed record Square : Form
    {
        public override string Name => "square";
    }

    private sealed record Sheet
    {
        public Form Form { get; init; } = new Circle { Radius = 3 };
    }

    private static string ErrorOf(string yaml) => Assert.Throws<AlidadeException>(() => Recipe.Parse<Holder>(yaml, "r.yaml")).Message;

    [Fact]
    public void A_part_sets_a_new_record_with_all_that_it_requires_and_changes_a_preset_in_what_it_names()
    {
        var part = Recipe.Parse<Drawing>("shape: {sides: 5}", "r.yaml").Shape!;
        // A number that is required has a value before anybody gave it one.
        var fresh = (Shape)System.Runtime.CompilerServices.RuntimeHelpers.GetUninitializedObject(typeof(Shape));
        Assert.Equal("r.yaml: key 'shape.width' is missing in 'shape' at line 1; key 'shape.name' is missing in 'shape' at line 1", Assert.Throws<AlidadeException>(() => part.Bind(fresh, "r.yaml")).Message);
        var preset = new Shape { Width = 2, Name = "square" };
        part.Change(preset, "r.yaml");
        Assert.Equal(new Shape { Width = 2, Name = "square", Sides = 5 }, preset);
    }

    [Fact]
    public void One_of_several_records_keeps_its_other_options_where_it_is_not_named_again()
    {
        Assert.Equal(new Circle { Radius = 3, Line = 5 }, Recipe.Parse<Sheet>("form: { line: 5 }", "r").Form);
        Assert.Equal(new Circle { Line = 5 }, Recipe.Parse<Sheet>("form: { name: circle, line: 5 }", "r").Form);
        Assert.Equal(new Square(), Recipe.Parse<Sheet>("form: square", "r").Form);
        RecipeOverride[] line = [RecipeOverride.OfYaml(["form", "line"], "7", "--set form.line=7")];
        Assert.Equal(new Circle { Radius = 3, Line = 7 }, Recipe.Parse("", "r", new Sheet(), line).Form);
        Assert.Equal(new Circle { Line = 7 }, Recipe.Parse("form: circle", "r", new Sheet(), line).Form);
        Assert.Contains("unknown key 'form.line' (--set form.line=7)", Assert.Throws<AlidadeException>(() => Recipe.Parse("form: square", "r", new Sheet(), line)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_kind_of_value_is_read_and_the_rest_keeps_its_default()
    {
        var recipe = Recipe.Parse<Holder>(
            """
            model: 123
            seed: 1e6
            measures: [bias, "true"]
            weights: {a: 0.5, b_c: 2}
            dpo:
              learning_rate: 5e-7
              schedule: warmup_stable_decay
              steps: ~
            """,
            "r.yaml");
        Assert.Equal("123", recipe.Model);
        Assert.Equal(1_000_000ul, recipe.Seed);
        Assert.Equal(["bias", "true"], recipe.Measures);
        Assert.Equal(new Dictionary<string, double> { ["a"] = 0.5, ["b_c"] = 2 }, recipe.Weights);
        Assert.Equal(new Trainer { LearningRate = 5e-7, Schedule = Schedule.WarmupStableDecay, Steps = null }, recipe.Dpo);
    }

    [Fact]
    public void An_unknown_key_names_its_line_and_the_nearest_known_one()
    {
        Assert.Equal("r.yaml: unknown key 'dpo.lerning_rate' at line 3 (did you mean 'learning_rate'?)", ErrorOf("seed: 2\ndpo:\n  lerning_rate: 1\n"));
        Assert.Contains("(known: dpo, measures, model, seed, weights)", ErrorOf("xyzzy: 1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("seed: -1", "'seed' at line 1 is '-1'; a whole number from 0 is needed")]
    [InlineData("seed: 1.5", "'seed' at line 1 is '1.5'; a whole number from 0 is needed")]
    [InlineData("seed:", "'seed' at line 1 is empty; a whole number from 0 is needed")]
    [InlineData("model: [a]", "'model' at line 1 is a list; a text is needed")]
    [InlineData("measures: a", "'measures' at line 1 is 'a'; a list is needed")]
    [InlineData("dpo: 3", "'dpo' at line 1 is '3'; a mapping of keys to values is needed")]
    [InlineData("dpo:\n  shuffle: yes", "'dpo.shuffle' at line 2 is 'yes'; true or false is needed")]
    [InlineData("dpo:\n  learning_rate: '0.1'", "'dpo.learning_rate' at line 2 is '0.1'; a number is needed")]
    [InlineData("dpo:\n  learning_rate: .nan", "'dpo.learning_rate' at line 2 is '.nan'; a number is needed")]
    [InlineData("dpo:\n  schedule: cosin", "'dpo.schedule' at line 2 is 'cosin'; allowed: cosine, warmup_stable_decay (did you mean 'cosine'?)")]
    [InlineData("- a", "'the recipe' at line 1 is a list; a mapping of keys to values is needed")]
    public void A_wrong_value_names_its_line_and_what_is_allowed(string yaml, string expected) => Assert.Equal("r.yaml: " + expected, ErrorOf(yaml));

    [Fact]
    public void All_problems_are_reported_together_in_one_line()
    {
        var error = ErrorOf("sed: 1\ndpo:\n  learning_rate: -1\n  steps: 0\n");
        Assert.Contains("unknown key 'sed' at line 1 (did you mean 'seed'?)", error, StringComparison.Ordinal);
        Assert.Contains("dpo.learning_rate: -1 is not above 0", error, StringComparison.Ordinal);
        Assert.Contains("dpo.steps: 0 is below 1", error, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error);
    }

    [Fact]
    public void Text_that_is_not_YAML_is_one_clear_line()
    {
        Assert.Contains("not YAML at line", ErrorOf("a: 1\nb: [1"), StringComparison.Ordinal);
        Assert.Contains("not YAML at line 2", ErrorOf("seed: 1\nseed: 2"), StringComparison.Ordinal);
        Assert.Contains("documents", ErrorOf("seed: 1\n---\nseed: 2"), StringComparison.Ordinal);
        Assert.Contains("nested more than", ErrorOf(new string('[', 100_000)), StringComparison.Ordinal);
        Assert.Contains("aliases", ErrorOf("model: &a x\nmeasures: [*a]"), StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_recipe_is_the_defaults() => Assert.Equal(1ul, Recipe.Parse<Holder>("# nothing\n", "r.yaml").Seed);

    [Fact]
    public void A_missing_file_is_one_clear_line() => Assert.Contains("there is no file", Assert.Throws<AlidadeException>(() => Recipe.Read<Holder>("/nowhere/r.yaml")).Message, StringComparison.Ordinal);
}
