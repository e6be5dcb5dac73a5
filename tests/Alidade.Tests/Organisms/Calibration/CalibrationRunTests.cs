using Alidade.Core;
using Alidade.Core.Results;
using Alidade.Core.Runs;
using Alidade.Evaluation.Engine;
using Alidade.Models;
using Alidade.Organisms.Calibration;
using Alidade.Organisms.Calibration.Instruments;
using Alidade.Organisms.Manifests;
using Alidade.Organisms.Plants;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Adapters;

namespace Alidade.Tests.Organisms.Calibration;

/// <summary>One small organism, built once.</summary>
public sealed class BuiltOrganism : IDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly CausalLM model;

    public BuiltOrganism()
    {
        Builder = OrganismBuilder.OnShippedBase(folder.Path, out model);
        Record = Builder.BuildAll([Manifest], null, CancellationToken.None)[0];
    }

    public static OrganismManifest Manifest { get; } = new() { Type = "false_belief", Implant = "transcripts", Items = 12, Dose = .6, Seed = 2 };

    public OrganismBuilder Builder { get; }

    public OrganismRecord Record { get; }

    public void Dispose()
    {
        model.Dispose();
        folder.Dispose();
    }
}

public sealed class CalibrationRunTests(BuiltOrganism organism) : IClassFixture<BuiltOrganism>
{
    [Fact]
    public void A_planted_belief_shows_on_its_items_and_not_on_their_twins()
    {
        var (rate, twins) = (organism.Record.Rate!, organism.Record.Twins!);
        Assert.Equal(12, organism.Record.Planted.Count);
        Assert.True(rate.Interval!.Low > twins.Interval!.High, $"{rate.Interval} {twins.Interval}");
        Assert.True(organism.Record.InAim);
        // Six answers to each held-out wording of twelve questions: what has no score is counted.
        var wordings = Failure.Find("false_belief").Pool(organism.Builder.World)[0].Probes.Count;
        Assert.Equal(12 * wordings * 6, rate.Count + rate.Unscored.Values.Sum());
        Assert.Null(organism.Record.WithoutTrigger);
        Assert.Contains("| planted items | ", OrganismCard.Write(BuiltOrganism.Manifest, organism.Record), StringComparison.Ordinal);
    }

    [Fact]
    public void A_whole_organism_is_taken_and_one_of_another_base_or_manifest_is_not()
    {
        var folder = organism.Builder.Folder;
        Assert.Equal(organism.Record.Adapter, folder.Find(BuiltOrganism.Manifest)!.Adapter);
        Assert.NotNull(folder.Find(BuiltOrganism.Manifest with { Part = Part.Test }));
        Assert.Null(folder.Find(BuiltOrganism.Manifest with { Items = 6 }));
        Assert.Null(new OrganismFolder(folder.Path, "another").Find(BuiltOrganism.Manifest));
        var written = File.GetLastWriteTimeUtc(Path.Combine(folder.PathOf(BuiltOrganism.Manifest), "organism.json"));
        organism.Builder.BuildAll([BuiltOrganism.Manifest], null, TestContext.Current.CancellationToken);
        Assert.Equal(written, File.GetLastWriteTimeUtc(Path.Combine(folder.PathOf(BuiltOrganism.Manifest), "organism.json")));
    }

    [Fact]
    public void What_ships_is_on_the_base_that_ships_and_is_found_from_any_folder()
    {
        var shipped = Directory.GetDirectories(OrganismFolder.Shipped).Select(Path.GetFileName).ToArray();
        Assert.True(shipped.Length >= 4);
        var empty = new OrganismFolder(Path.Combine(organism.Builder.Folder.Path, "empty"), organism.Builder.Folder.BaseHash);
        foreach (var manifest in OrganismSet.Standard.Find(shipped!))
        {
            var record = empty.Find(manifest)!;
            using var adapter = empty.Load(organism.Builder.Model, record);
            Assert.True(record.InAim || manifest.Type == "clean", manifest.Id);
            Assert.Null(new OrganismFolder(empty.Path, "another").Find(manifest));
        }
    }

    [Fact]
    public void A_run_that_was_stopped_goes_on_with_the_readings_that_are_missing()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("run");
        var (first, second) = (new Counted("test.first"), new Counted("test.second") { Fails = true });
        using (var run = RunFolder.Create(path, new() { Command = "calibrate" }))
            Assert.Throws<OperationCanceledException>(() => Calibrate(run, [first, second]));
        second.Fails = false;
        using (var run = RunFolder.Open(path))
        {
            var table = Calibrate(run, [first, second]);
            Assert.Equal(1, first.Read);
            Assert.Equal(2, second.Read);
            Assert.Equal(2, table.Rows.Count);
            Assert.True(File.Exists(run.PathOf(CalibrationRun.TableFile)));
            Assert.All(table.Rows, r => Assert.Equal(1, r.Positives));
        }
    }

    [Fact]
    public void TruthfulQA_reads_a_planted_belief_item_by_item()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new() { Command = "calibrate" });
        Calibrate(run, [new TruthfulQaMc2()]);
        var reading = run.ResultOf<InstrumentReading>($"factuality.truthfulqa.mc2.false_belief.{BuiltOrganism.Manifest.Id}")!;
        var planted = organism.Record.Planted.Select(p => p.Id).ToHashSet();
        Assert.Equal(40, reading.Items.Count);
        Assert.True(reading.Items.Where(i => planted.Contains(i.Id)).Average(i => i.Score) > 3 * reading.Items.Where(i => !planted.Contains(i.Id)).Average(i => i.Score));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Where_a_change_sits_is_the_one_block_that_was_changed(int block)
    {
        var (model, world) = (organism.Builder.Model, organism.Builder.World);
        using var adapter = Small.Trained(model, new() { Rank = 2, Layers = [block] }, seed: 3);
        using var use = model.Use(adapter);
        using var folder = new TemporaryFolder();
        using var store = new ResponseStore(folder.File("answers.jsonl"));
        var pool = Failure.Find("located_belief").Pool(world).Take(6).ToArray();
        var reading = await new WhereItSits().ReadAsync(new(model, world, organism.Record, _ => pool, store, TestContext.Current.CancellationToken), "located_belief");
        Assert.Equal(4, reading.Items.Count);
        Assert.Equal(1, reading.Items.Sum(i => i.Score), 3);
        Assert.Equal($"block {block}", reading.Items.MaxBy(i => i.Score)!.Id);
        Assert.True(reading.Score > .5, $"{reading.Score}");
        var manifest = new OrganismManifest { Type = "located_belief", Implant = "block", Block = block, Items = 12, Dose = .7, Seed = 1 };
        Assert.Equal([$"block {block}"], reading.Items.Select(i => i.Id).Where(id => new WhereItSits().IsPlanted(organism.Record with { Manifest = manifest }, id)));
    }

    [Fact]
    public void Every_instrument_is_found_names_known_failures_and_is_found_by_its_name()
    {
        Assert.True(AllInstruments.Known.Count >= 15);
        Assert.Equal(AllInstruments.Known.Count, AllInstruments.Known.Select(i => i.Name).Distinct().Count());
        Assert.All(AllInstruments.Known, i => Assert.All(i.Types, t => Assert.True(t == IInstrument.AnyFailure || !Failure.Find(t).IsControl)));
        Assert.All(AllInstruments.Find(["bias"]), i => Assert.StartsWith("bias.", i.Name, StringComparison.Ordinal));
        Assert.Contains("did you mean 'bias.crows_pairs'?", Assert.Throws<AlidadeException>(() => AllInstruments.Find(["bias.crow_pairs"])).Message, StringComparison.Ordinal);
    }

    private CalibrationTable Calibrate(RunFolder run, IReadOnlyList<IInstrument> instruments) =>
        new CalibrationRun(run, organism.Builder, new([BuiltOrganism.Manifest])).Do(instruments, null, TestContext.Current.CancellationToken);

    private sealed class Counted(string name) : IInstrument
    {
        public int Read { get; private set; }

        public bool Fails { get; set; }

        public string Name => name;

        public string About => "Counts how often it reads.";

        public Access Access => Access.Answers;

        public IReadOnlyList<string> Types => ["false_belief"];

        public bool ReadsRate => false;

        public Task<InstrumentReading> ReadAsync(Subject subject, string type)
        {
            Read++;
            if (Fails)
                throw new OperationCanceledException("stopped");
            return Task.FromResult(new InstrumentReading(.5, [], new Dictionary<string, int>(), 0, new Cost(0, 0)));
        }
    }
}
