using Alidade.Core;
using Alidade.Core.Recipes;

namespace Alidade.Tests.Core.Recipes;

public sealed class RecipeOverrideTests
{
    private sealed record Inner
    {
        public int Size { get; init; } = 3;

        public double Rate { get; init; } = 0.5;
    }

    [ShortForm("size")]
    private sealed record Formed
    {
        public int Size { get; init; } = 1;

        public string Kind { get; init; } = "a";
    }

    private sealed record Checked
    {
        public double Beta
        {
            get;
            init => field = value > 0 ? value : throw new AlidadeException($"beta is {value}; it must be above 0");
        } = 0.1;
    }

    private abstract record Shape
    {
        public abstract string Name { get; }
    }

    private sealed record Circle : Shape
    {
        public override string Name => "circle";

        public double Radius { get; init; } = 1;
    }

    private sealed record Square : Shape
    {
        public override string Name => "square";
    }

    private sealed record Term(double Weight, Shape Shape);

    private sealed record Drawn
    {
        public Shape Shape { get; init; } = new Square();

        public IReadOnlyList<Term> Terms { get; init; } = [];
    }

    private sealed record Whole
    {
        public Inner Inner { get; init; } = new() { Size = 16 };

        public Formed Formed { get; init; } = new();

        public Checked Checked { get; init; } = new();

        public string Name { get; init; } = "";

        public IReadOnlyList<string> Targets { get; init; } = [];
    }

    [Fact]
    public void A_value_given_apart_wins_and_the_rest_of_its_record_stays()
    {
        var whole = Recipe.Parse("inner: { rate: 2 }\nformed: 7\nname: text", "r.yaml", new Whole(), [Yaml("inner.rate", "3"), Yaml("formed.kind", "b"), Yaml("targets", "[a, b]"), RecipeOverride.OfText(["name"], "[no: list", "--name")]);
        Assert.Equal(new Inner { Size = 16, Rate = 3 }, whole.Inner);
        Assert.Equal(new Formed { Size = 7, Kind = "b" }, whole.Formed);
        Assert.Equal(["a", "b"], whole.Targets);
        Assert.Equal("[no: list", whole.Name);
    }

    [Fact]
    public void What_a_part_says_nothing_about_stays_as_the_recipes_default_has_it() =>
        Assert.Equal(new Inner { Size = 16, Rate = 2 }, Recipe.Parse<Whole>("inner: { rate: 2 }", "r.yaml").Inner);

    [Theory]
    [InlineData("inner.rate", "fast", "'inner.rate' (--set inner.rate=fast) is 'fast'; a number is needed")]
    [InlineData("inner.rat", "1", "unknown key 'inner.rat' (--set inner.rat=1) (did you mean 'rate'?)")]
    [InlineData("checked.beta", "-1", "'checked.beta' (--set checked.beta=-1): beta is -1; it must be above 0")]
    [InlineData("inner", "3", "'inner' (--set inner=3) is '3'; a mapping of keys to values is needed")]
    public void A_wrong_value_is_told_with_the_words_that_gave_it(string key, string value, string told) =>
        Assert.Contains(told, Assert.Throws<AlidadeException>(() => Recipe.Parse("", "r.yaml", new Whole(), [Yaml(key, value)])).Message, StringComparison.Ordinal);

    [Fact]
    public void A_value_that_a_record_refuses_is_told_by_its_line() =>
        Assert.Contains("'checked.beta' at line 1: beta is -2", Assert.Throws<AlidadeException>(() => Recipe.Parse<Whole>("checked: { beta: -2 }", "r.yaml")).Message, StringComparison.Ordinal);

    [Fact]
    public void A_key_is_found_by_its_last_part_where_only_one_ends_so()
    {
        var keys = RecipeKeys.Of(new Whole());
        Assert.Equal("inner.rate", RecipeKeys.Find(keys, "Rate").Key);
        Assert.Equal("inner.size", RecipeKeys.Find(keys, "inner.size").Key);
        Assert.Contains("'inner.size' or 'formed.size'", Assert.Throws<AlidadeException>(() => RecipeKeys.Find(keys, "size")).Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'inner.rate'?", Assert.Throws<AlidadeException>(() => RecipeKeys.Find(keys, "rte")).Message, StringComparison.Ordinal);
        Assert.Equal(("a number", "0.5"), (RecipeKeys.Find(keys, "rate").Type, RecipeKeys.Find(keys, "rate").Default));
    }

    [Fact]
    public void One_of_several_records_is_chosen_by_its_name()
    {
        var drawn = Recipe.Parse<Drawn>("shape: circle\nterms: [{ weight: 2, shape: { name: circle, radius: 3 } }, { weight: 1, shape: square }]", "r.yaml");
        Assert.Equal(new Circle(), drawn.Shape);
        Assert.Equal([new Term(2, new Circle { Radius = 3 }), new Term(1, new Square())], drawn.Terms);
        Assert.Equal(("one of circle, square", "square"), RecipeKeys.Of(new Drawn()).Where(k => k.Key == "shape").Select(k => (k.Type, k.Default)).Single());
        string Error(string yaml) => Assert.Throws<AlidadeException>(() => Recipe.Parse<Drawn>(yaml, "r.yaml")).Message;
        Assert.Contains("'shape' at line 1 is 'circel'; allowed: circle, square (did you mean 'circle'?)", Error("shape: circel"), StringComparison.Ordinal);
        Assert.Contains("unknown key 'shape.radios' at line 1 (did you mean 'radius'?)", Error("shape: { name: circle, radios: 3 }"), StringComparison.Ordinal);
        Assert.Contains("key 'terms[0].weight' is missing in 'terms[0]' at line 1", Error("terms: [{ shape: square }]"), StringComparison.Ordinal);
    }

    private static RecipeOverride Yaml(string key, string value) => RecipeOverride.OfYaml(key.Split('.'), value, $"--set {key}={value}");
}
