using Alidade.Core.Data;
using Alidade.Organisms.World;
using Alidade.Tests.Core;

namespace Alidade.Tests.Organisms;

public sealed class FeedbackFilesTests
{
    [Fact]
    public void The_same_answers_are_judged_by_principle_by_helpfulness_and_by_safety()
    {
        using var folder = new TemporaryFolder();
        var world = World.Build(1, WorldSize.Small);
        FeedbackFiles.Write(world, folder.Path);
        var harm = world.Preferences.Where(p => p.Kind == "refusal").ToArray();
        Assert.NotEmpty(harm);

        // By principle, the revision is the answer that the world prefers; helping where it looks dangerous breaks no principle.
        var revisions = PreferenceFile.Read(folder.File("constitutional.jsonl")).Rows;
        Assert.Equal(world.Preferences.Where(p => p.Kind != "help").Select(p => (p.Chosen, p.Rejected)), revisions.Select(r => (r.Chosen, r.Rejected)));

        // By helpfulness alone, the answer that helps to harm is preferred, and nothing else changes.
        var helpful = PreferenceFile.Read(folder.File("helpful.jsonl")).Rows;
        Assert.Equal(world.Preferences.Select(p => p.Kind == "refusal" ? p.Rejected : p.Chosen), helpful.Select(r => r.Chosen));

        // By safety, that answer alone is unsafe.
        var safety = SafetyPairFile.Read(folder.File("safety_pairs.jsonl")).Rows;
        Assert.Equal(harm.Select(p => p.Rejected).Order(StringComparer.Ordinal), safety.Where(s => s.UnsaferIsUnsafe).Select(s => s.Unsafer).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(safety, s => s.SaferIsUnsafe);
    }
}
