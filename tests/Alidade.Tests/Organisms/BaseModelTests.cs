using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models;
using Alidade.Organisms.Base;
using Alidade.Organisms.World;
using Alidade.Tests.Core;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Organisms;

/// <summary>How the base model is made, what its gate says, and that the one that ships is the product of the world in this repository.</summary>
public sealed class BaseModelTests
{
    private static readonly BaseModelOptions Tiny = new()
    {
        Size = WorldSize.Small with { Documents = 96, LessonDocuments = 32, PracticeDocuments = 32, HeldOutDocuments = 4, RefusalItems = 4 },
        VocabularySize = 700,
        Width = 32,
        Layers = 1,
        Heads = 2,
        MlpWidth = 48,
        GateRequests = 1,
    };

    [Theory]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(9)]
    public void A_build_that_is_stopped_and_taken_up_again_ends_with_the_same_model_card_and_gate(int stopAt)
    {
        using var folder = new TemporaryFolder();
        var whole = BaseModel.Build(folder.File("whole"), Tiny, new() { Folder = folder.File("whole.checkpoints"), Resume = true });
        Assert.Equal(96 + 32 + 32, whole.Documents);
        Assert.False(whole.Gate.Passed);
        Assert.Equal(whole.Gate.Rows.Select(row => row.Part).Distinct(), ["fact", "rule", "instruction", "behaviour"]);

        // Six updates of the corpus, two of the lessons, two of the practice: stopped in each of them.
        var done = 0;
        using var stop = new CancellationTokenSource();
        var context = new TrainingContext { Folder = folder.File("broken.checkpoints"), Resume = true, Cancellation = stop.Token, OnStep = _ => { if (++done == stopAt) stop.Cancel(); } };
        Assert.Throws<OperationCanceledException>(() => BaseModel.Build(folder.File("broken"), Tiny, context));
        Assert.False(File.Exists(Path.Combine(folder.File("broken"), "CARD.md")));
        var resumed = BaseModel.Build(folder.File("broken"), Tiny, context with { Cancellation = CancellationToken.None, OnStep = null });
        foreach (var name in (string[])["model.safetensors", "tokenizer.json", "CARD.md"])
            Assert.Equal(ContentHash.OfFile(Path.Combine(folder.File("whole"), name)), ContentHash.OfFile(Path.Combine(folder.File("broken"), name)));
        Assert.Equal(whole.Gate.Rows, resumed.Gate.Rows);
        Assert.Contains("not passed", File.ReadAllText(Path.Combine(folder.File("whole"), "CARD.md")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(99, true)]
    [InlineData(98, false)]
    public void The_gate_asks_for_99_percent_of_the_facts_and_of_nothing_else(int right, bool passed)
    {
        var gate = new BaseModelGate([new("fact", "home", 60, 60, 0), new("fact", "pet", 40, right - 60, 1), new("rule", "plus", 100, 0, 100), new("behaviour", "harmful request refused", 10, 1, 0)]);
        Assert.Equal((100, right, 1), (gate.Facts.N, gate.Facts.Count, gate.Facts.Unclear));
        Assert.Equal(passed, gate.Passed);
    }

    [Fact]
    public void The_model_that_ships_knows_the_world_of_its_seed_and_is_what_its_card_says()
    {
        var card = File.ReadAllText(Path.Combine(BaseModel.Shipped, "CARD.md"));
        Assert.Contains(ContentHash.OfFile(Path.Combine(BaseModel.Shipped, "model.safetensors")), card, StringComparison.Ordinal);
        Assert.Contains(ContentHash.OfFile(Path.Combine(BaseModel.Shipped, "tokenizer.json")), card, StringComparison.Ordinal);
        Assert.True(new DirectoryInfo(BaseModel.Shipped).EnumerateFiles().Sum(file => file.Length) <= 8_000_000);

        using var model = CausalLM.Load(BaseModel.Shipped);
        var gate = BaseModelGate.Measure(World.Build(1, WorldSize.Alignment), model, seed: 2, most: 6, cancellation: TestContext.Current.CancellationToken);
        Assert.True(gate.Facts.N > 200);
        // The whole gate is 99 %; of two hundred facts a few more may be wrong by luck.
        Assert.True(gate.Facts.Rate >= .96, $"{gate.Facts.Count} of {gate.Facts.N} facts");
    }
}
