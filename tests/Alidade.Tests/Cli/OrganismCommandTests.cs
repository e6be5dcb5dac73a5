using System.Text.Json.Nodes;
using Alidade.Organisms.Manifests;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

public sealed class OrganismCommandTests : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public void The_list_shows_every_organism_of_the_set_and_whether_it_is_built()
    {
        var list = CommandLine.Run("organism", "list", "--organisms", folder.Path);
        Assert.Equal("", list.Error);
        Assert.Matches("(?m)^sycophancy-transcripts-d[0-9]+-s1 +sycophancy +none +transcripts .* development +not built", list.Output);
        Assert.Contains($"{Directory.GetDirectories(OrganismFolder.Shipped).Length} of {OrganismSet.Standard.Manifests.Count} built", list.Output, StringComparison.Ordinal);
        var json = JsonNode.Parse(CommandLine.Run("organism", "list", "--organisms", folder.Path, "--json").Output)!;
        Assert.Equal(OrganismSet.Standard.Manifests.Count, json["organisms"]!.AsArray().Count);
    }

    [Fact]
    public void A_card_of_an_organism_that_is_not_built_says_how_to_build_it()
    {
        var id = OrganismSet.Standard.Manifests.First(m => m.Type == "sycophancy").Id;
        var card = CommandLine.Run("organism", "card", id, "--organisms", folder.Path);
        Assert.StartsWith($"# {id}\n", card.Output, StringComparison.Ordinal);
        Assert.Contains($"not built: `alidade organism build {id}`", card.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_that_are_not_known_are_one_line_with_the_nearest()
    {
        CommandLine.Run("organism", "build", "clean-mixtures-d0-s1", "--organisms", folder.Path).IsOneLine("did you mean 'clean-mixture-d0-s1'?");
        CommandLine.Run("organism", "build").IsOneLine("alidade organism list");
        CommandLine.Run("calibrate", "bias.crow_pairs", "--out", folder.File("run")).IsOneLine("did you mean 'bias.crows_pairs'?");
        CommandLine.Run("calibrate", "bias", "--resume", folder.File("run")).IsOneLine("--resume takes");
        Assert.False(Directory.Exists(folder.File("run")));
    }
}
