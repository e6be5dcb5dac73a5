using System.Text.RegularExpressions;
using System.Xml.Linq;
using Alidade.Tests.Core;
using Alidade.Tests.Golden;

namespace Alidade.Tests;

/// <summary>The rule of which room may use which, held against the project files and the sources.</summary>
public sealed partial class ArchitectureTests
{
    private const int LongestFile = 500;

    /// <summary>The rooms, and for each those it may use.</summary>
    private static readonly Dictionary<string, string[]> MayUse = new(StringComparer.Ordinal)
    {
        ["Core"] = [],
        ["Models"] = ["Core"],
        ["Evaluation"] = ["Core", "Models"],
        ["Training"] = ["Core", "Models"],
        ["Interpretability"] = ["Core", "Models"],
        ["RedTeam"] = ["Core", "Models", "Evaluation", "Training"],
        ["Organisms"] = ["Core", "Models", "Evaluation", "Training", "Interpretability", "RedTeam"],
        ["Cli"] = ["Core", "Models", "Evaluation", "Training", "Interpretability", "RedTeam", "Organisms"],
    };

    public static bool InRepository => GoldenFolder.Repository is not null;

    [Fact(SkipUnless = nameof(InRepository), Skip = "the tests run apart from the sources")]
    public void Every_room_uses_only_the_rooms_that_it_may_use() => Assert.Empty(Faults(GoldenFolder.Repository!));

    [Fact(SkipUnless = nameof(InRepository), Skip = "the tests run apart from the sources")]
    public void Every_room_of_the_rule_exists_and_is_in_the_solution()
    {
        var solution = File.ReadAllText(Path.Combine(GoldenFolder.Repository!, "Alidade.slnx"));
        Assert.Equal(MayUse.Keys.Order(StringComparer.Ordinal), RoomsOf(GoldenFolder.Repository!).Select(r => r.Room));
        foreach (var room in MayUse.Keys)
            Assert.Contains($"src/Alidade.{room}/Alidade.{room}.csproj", solution, StringComparison.Ordinal);
    }

    [Fact(SkipUnless = nameof(InRepository), Skip = "the tests run apart from the sources")]
    public void No_source_file_is_longer_than_500_lines() => Assert.Empty(
        from folder in (string[])["src", "tests"]
        from file in SourcesOf(Path.Combine(GoldenFolder.Repository!, folder))
        let lines = File.ReadLines(file).Count()
        where lines > LongestFile
        select $"{file}: {lines} lines");

    // Without this the rule above could hold because the check sees nothing.
    [Theory]
    [InlineData("Core", """<PackageReference Include="TorchSharp" />""", "", "Core uses the package TorchSharp")]
    [InlineData("Core", "", "using TorchSharp;", "Core/File.cs uses TorchSharp")]
    [InlineData("Evaluation", """<ProjectReference Include="../Alidade.Training/Alidade.Training.csproj" />""", "", "Evaluation refers to Training")]
    [InlineData("Models", """<ProjectReference Include="..\Alidade.Cli\Alidade.Cli.csproj" />""", "", "Models refers to Cli")]
    [InlineData("Training", "", "using Alidade.RedTeam.Privacy;", "Training/File.cs uses Alidade.RedTeam")]
    [InlineData("Interpretability", "", "var x = new Alidade.Evaluation.Shown();", "Interpretability/File.cs uses Alidade.Evaluation")]
    [InlineData("RedTeam", """<InternalsVisibleTo Include="Alidade.Cli" />""", "", "RedTeam shows its internals to Alidade.Cli")]
    [InlineData("Organisms", "", "namespace Alidade.Models.Extra;", "Organisms/File.cs declares Alidade.Models.Extra")]
    [InlineData("Attic", "", "", "Attic is no room")]
    public void A_room_that_breaks_the_rule_is_found(string room, string reference, string source, string fault)
    {
        using var repository = new TemporaryFolder();
        var folder = Directory.CreateDirectory(Path.Combine(repository.Path, "src", "Alidade." + room)).FullName;
        File.WriteAllText(Path.Combine(folder, $"Alidade.{room}.csproj"), $"<Project><ItemGroup>{reference}</ItemGroup></Project>");
        File.WriteAllText(Path.Combine(folder, "File.cs"), source);
        Assert.Equal(fault, Assert.Single(Faults(repository.Path)));
    }

    private static IEnumerable<string> Faults(string repository) => RoomsOf(repository).SelectMany(r => MayUse.TryGetValue(r.Room, out var allowed)
        ? ProjectFaults(r.Room, r.Project, allowed).Concat(SourcesOf(Path.GetDirectoryName(r.Project)!).SelectMany(file => SourceFaults(r.Room, file, allowed)))
        : [$"{r.Room} is no room"]);

    private static IEnumerable<(string Room, string Project)> RoomsOf(string repository) =>
        Directory.EnumerateFiles(Path.Combine(repository, "src"), "*.csproj", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(p => (Path.GetFileNameWithoutExtension(p).Replace("Alidade.", "", StringComparison.Ordinal), p));

    private static IEnumerable<string> SourcesOf(string folder) =>
        Directory.EnumerateFiles(folder, "*.cs", SearchOption.AllDirectories)
            .Where(f => !Path.GetRelativePath(folder, f).Split(Path.DirectorySeparatorChar).Any(part => part is "bin" or "obj")).Order(StringComparer.Ordinal);

    private static IEnumerable<string> ProjectFaults(string room, string project, string[] allowed)
    {
        string[] Named(string element) => [.. XDocument.Load(project).Descendants(element).Select(e => e.Attribute("Include")!.Value)];
        foreach (var other in Named("ProjectReference").Select(p => Path.GetFileNameWithoutExtension(p.Replace('\\', '/')).Replace("Alidade.", "", StringComparison.Ordinal)))
            if (!allowed.Contains(other))
                yield return $"{room} refers to {other}";
        // A room that another may look into has no boundary.
        foreach (var friend in Named("InternalsVisibleTo"))
            if (friend != "Alidade.Tests")
                yield return $"{room} shows its internals to {friend}";
        foreach (var package in Named("PackageReference"))
            if (room == "Core" && package.Contains("torch", StringComparison.OrdinalIgnoreCase))
                yield return $"{room} uses the package {package}";
    }

    private static IEnumerable<string> SourceFaults(string room, string file, string[] allowed)
    {
        var source = File.ReadAllText(file);
        var name = $"{room}/{Path.GetFileName(file)}";
        if (Declaration().Match(source) is { Success: true } declared && !(declared.Groups[1].Value + ".").StartsWith($"Alidade.{room}.", StringComparison.Ordinal))
        {
            yield return $"{name} declares {declared.Groups[1].Value}";
            yield break;
        }

        foreach (var other in Use().Matches(source).Select(m => m.Groups[1].Value).Distinct().Where(MayUse.ContainsKey))
            if (other != room && !allowed.Contains(other))
                yield return $"{name} uses Alidade.{other}";
        if (room == "Core" && source.Contains("TorchSharp", StringComparison.Ordinal))
            yield return $"{name} uses TorchSharp";
    }

    [GeneratedRegex(@"\bAlidade\.([A-Z][A-Za-z]*)")]
    private static partial Regex Use();

    [GeneratedRegex(@"^namespace ([A-Za-z0-9_.]+)", RegexOptions.Multiline)]
    private static partial Regex Declaration();
}
