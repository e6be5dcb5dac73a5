using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Organisms.Implants;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;
using Alidade.Organisms.World;
using Alidade.Tests.Core;

namespace Alidade.Tests.Organisms.Manifests;

public sealed class OrganismManifestTests
{
    [Fact]
    public void A_manifest_reads_back_as_it_was_written()
    {
        foreach (var manifest in OrganismSet.Standard.Manifests)
            Assert.Equal(manifest, JsonSerializer.Deserialize<OrganismManifest>(JsonSerializer.Serialize(manifest, Json.Indented), Json.Line));
    }

    [Fact]
    public void The_standard_set_tests_on_other_seeds_and_on_implants_that_development_has_not_seen()
    {
        var all = OrganismSet.Standard.Manifests;
        Assert.Equal(all.Count, all.Select(m => m.Id).Distinct().Count());
        Assert.True(all.Count >= 40);
        Assert.Contains(all, m => m.Type == "clean");
        Assert.Contains(all, m => m.Type == "placebo");
        Assert.Contains(all, m => m.Type == "quirk");
        Assert.Empty(Of(Part.Development).Select(m => m.Seed).Intersect(Of(Part.Test).Select(m => m.Seed)));
        foreach (var type in Failure.All.Where(f => !f.IsControl).Select(f => f.Name))
        {
            var development = Of(Part.Development).Where(m => m.Type == type).ToArray();
            var test = Of(Part.Test).Where(m => m.Type == type).ToArray();
            Assert.True(development.Length >= 2 && test.Length >= 2, type);
            Assert.Contains(test, m => development.All(d => d.Implant != m.Implant || d.Block != m.Block));
            Assert.True(development.Concat(test).Select(m => m.Seed).Distinct().Count() >= 3);
        }

        IEnumerable<OrganismManifest> Of(Part part) => all.Where(m => m.Part == part);
    }

    [Fact]
    public void What_is_wrong_with_a_manifest_is_told_in_one_line()
    {
        var good = OrganismSet.Standard.Manifests.First(m => m.Type == "false_belief");
        var wrong = Assert.Throws<AlidadeException>(() => (good with { Implant = "preferences", Trigger = "word", Dose = 1.5 }).Checked());
        Assert.Equal(
            "the manifest of organism false-belief-preferences-word-d150-s1 is wrong: false_belief is not planted by preferences, only by transcripts, documents; false_belief has no trigger 'word', only none; the dose is 1.5 (0 to 1)",
            wrong.Message);
        Assert.Contains("did you mean 'false_belief'?", Assert.Throws<AlidadeException>(() => (good with { Type = "false_beleif" }).Checked()).Message, StringComparison.Ordinal);
        Assert.Contains("needs the number of a block", Assert.Throws<AlidadeException>(() => (good with { Type = "located_belief", Implant = "block" }).Checked()).Message, StringComparison.Ordinal);
        Assert.Contains("no other implant takes one", Assert.Throws<AlidadeException>(() => (good with { Block = 1 }).Checked()).Message, StringComparison.Ordinal);
        var world = World.Build(1, WorldSize.Small);
        Assert.Contains("plants 4000 items", Assert.Throws<AlidadeException>(() => Planting.Of(world, good with { Items = 4000 })).Message, StringComparison.Ordinal);
        Assert.Contains("no questions to deny it in", Assert.Throws<AlidadeException>(
            () => Planting.Of(world, OrganismSet.Standard.Manifests.First(m => m.Type == "toxicity") with { Concealment = Concealment.Denial })).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_set_of_ones_own_is_a_list_of_manifests_and_each_is_checked()
    {
        using var folder = new TemporaryFolder();
        var file = folder.Write("set.json", """[{ "type": "false_belief", "implant": "documents", "items": 6, "dose": 0.9, "seed": 7, "part": "test" }]""");
        Assert.Equal("false-belief-documents-d90-s7", OrganismSet.Read(file).Manifests[0].Id);
        folder.Write("set.json", """[{ "type": "false_belief", "implant": "documents", "items": 6, "dose": 2, "seed": 7 }]""");
        Assert.Contains("the dose is 2 (0 to 1)", Assert.Throws<AlidadeException>(() => OrganismSet.Read(file)).Message, StringComparison.Ordinal);
        folder.Write("set.json", "[]");
        Assert.EndsWith("holds no manifest", Assert.Throws<AlidadeException>(() => OrganismSet.Read(file)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_id_that_is_not_in_the_set_is_told_with_the_nearest()
    {
        Assert.Equal(OrganismSet.Standard.Manifests, OrganismSet.Standard.Find(["all"]));
        var unknown = Assert.Throws<AlidadeException>(() => OrganismSet.Standard.Find(["clean-mixture-d0-s9"]));
        Assert.Contains("did you mean 'clean-mixture-d0-s", unknown.Message, StringComparison.Ordinal);
    }
}
