using System.Globalization;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;
using YamlDotNet.RepresentationModel;

[assembly: AssemblyFixture(typeof(Alidade.Tests.Cli.ExampleRuns))]

namespace Alidade.Tests.Cli;

/// <summary>
/// The recipes of <c>examples/</c>, run in a short form: the same stages, measures and attacks, on few rows and items. A recipe is run when the first test asks for
/// it, and kept for the others.
/// </summary>
public sealed class ExampleRuns : IDisposable
{
    private const int Updates = 2, Rows = 24, Items = 24;

    private readonly TemporaryFolder folder = new();
    private readonly Dictionary<string, string> runs = [];

    /// <summary>The folder of the examples; it is there in the repository only.</summary>
    public static string? Folder { get; } = GoldenFolder.Repository is { } root ? Path.Combine(root, "examples") : null;

    /// <summary>True in the repository.</summary>
    public static bool AreThere => Folder is not null;

    /// <summary>The run folder of an example.</summary>
    /// <param name="file">Its file.</param>
    /// <param name="model">Another model than the recipe's; null for the recipe's.</param>
    /// <param name="maxLength">Another longest row, for another tokenizer; null for the recipe's.</param>
    public string Of(string file, string? model = null, int? maxLength = null)
    {
        if (runs.TryGetValue(file, out var known))
            return known;
        var recipe = folder.Write(file, Shortened(File.ReadAllText(Path.Combine(Folder!, file)), maxLength));
        var run = folder.File(Path.GetFileNameWithoutExtension(file));
        var result = CommandLine.Run(["align", recipe, "--out", run, .. model is null ? (string[])[] : ["--model", model]]);
        Assert.True(result.Code == 0, result.Error);
        return runs[file] = run;
    }

    /// <inheritdoc/>
    public void Dispose() => folder.Dispose();

    /// <summary>A recipe with less of everything and nothing else.</summary>
    internal static string Shortened(string yaml, int? maxLength = null)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        var recipe = (YamlMappingNode)stream.Documents[0].RootNode;
        if (recipe.Children.ContainsKey("data_folder"))
            Put(recipe, GoldenFolder.Data, "data_folder");
        if (maxLength is { } longest)
            Put(recipe, Number(longest), "data", "max_length");
        foreach (var stage in ((YamlSequenceNode)recipe["stages"]).Cast<YamlMappingNode>())
        {
            Put(stage, Number(Updates), "training", "max_updates");
            Put(stage, "8", "training", "batch_rows");
            Put(stage, Number(Rows), "data", "max_rows");
            Put(stage, "8", "data", "held_out_rows");
            if (stage.Children.ContainsKey("rollouts"))
            {
                Put(stage, "4", "rollouts", "prompts");
                Put(stage, "2", "rollouts", "samples");
                Put(stage, "16", "rollouts", "max_new_tokens");
            }
        }

        foreach (var measure in ((YamlMappingNode)recipe["measures"]).Children.Values.OfType<YamlMappingNode>())
            Put(measure, Number(Items), "limit");
        foreach (var (value, path) in ((string, string[])[])[
            (Number(Items), ["measures", "preference_limit"]), ("8", ["measures", "max_new_tokens"]), ("4", ["measures", "distance"]), ("4", ["measures", "samples"]),
            (Number(Items), ["attacks", "limit"]), (Number(Items), ["attacks", "membership_limit"]), ("1", ["open", "pairs"]), ("2", ["open", "layers"]), ("3", ["open", "positions"])])
            Put(recipe, value, path);
        var text = new StringWriter();
        stream.Save(text, assignAnchors: false);
        return text.ToString();
    }

    private static string Number(int value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Put(YamlMappingNode mapping, string value, params ReadOnlySpan<string> path)
    {
        foreach (var key in path[..^1])
        {
            if (!mapping.Children.TryGetValue(key, out var inner))
                mapping.Children[key] = inner = new YamlMappingNode();
            mapping = (YamlMappingNode)inner;
        }

        mapping.Children[path[^1]] = value;
    }
}
