using System.Text.Json.Nodes;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Core.Results;
using Alidade.Core.Runs;

namespace Alidade.Tests.Core.Runs;

public sealed class RunFolderTests
{
    private static readonly RunRecord Record = new()
    {
        Command = "align",
        Options = new JsonObject { ["beta"] = 0.1 },
        Seeds = new Dictionary<string, long> { ["data"] = 7 },
        Files = [new HashedFile("model", "m.gguf", 3, new string('a', 64))],
    };

    private static ItemResult Item(string id, double? score) => new() { Id = id, Input = "Ünïcode <tag>\n", Output = "out", Score = score, Why = score is null ? "no score" : null };

    [Fact]
    public void The_record_reads_back_as_it_was_written()
    {
        using var folder = new TemporaryFolder();
        using (var run = RunFolder.Create(folder.File("run"), Record))
            run.Finish();
        var read = RunView.Open(folder.File("run")).Record;
        Assert.Equal(RunState.Done, read.State);
        Assert.NotNull(read.Ended);
        Assert.Equal(Record.Files, read.Files);
        Assert.Equal(Record.Seeds, read.Seeds);
        Assert.Equal(Record.Environment, read.Environment);
        Assert.Equal(Record.AlidadeVersion, read.AlidadeVersion);
        Assert.Equal(Record.Started, read.Started);
        Assert.Equal(0.1, read.Options!["beta"]!.GetValue<double>());
        Assert.Contains("\"state\": \"done\"", File.ReadAllText(folder.File("run/run.json")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_killed_run_is_taken_up_and_finished_stages_are_not_done_again()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("run");
        var calls = 0;
        double Work() => ++calls + 0.1;
        using (var run = RunFolder.Create(path, Record))
        {
            Assert.Equal(1.1, run.Once("measure-before", Work));
            run.Log("dpo", 1, new Dictionary<string, double> { ["loss"] = 0.7 });
            run.Log("dpo", 2, new Dictionary<string, double> { ["loss"] = 0.6 });
            run.AddSample("bias", Phases.Before, Item("1", 1));
        }

        // The kill: a line of each log is torn, and a temporary file was left behind.
        File.AppendAllText(folder.File("run/events.jsonl"), "{\"time\":\"2025-01-01T00:0");
        File.AppendAllText(folder.File("run/samples.jsonl"), "{");
        using (var run = RunFolder.Open(path))
        {
            Assert.Equal(25, run.TornBytes);
            Assert.Equal(RunState.Running, run.Record.State);
            Assert.Single(run.Record.Resumed);
            Assert.True(run.IsDone("measure-before"));
            Assert.False(run.IsDone("dpo"));
            Assert.Equal(1.1, run.Once("measure-before", Work));
            run.Log("dpo", 2, new Dictionary<string, double> { ["loss"] = 0.5 });
            run.Log("dpo", 3, new Dictionary<string, double> { ["loss"] = double.NaN, ["kl"] = double.PositiveInfinity });
            run.AddSample("bias", Phases.Before, Item("1", 0));
            run.AddSample("bias", Phases.After, Item("1", null));
        }

        Assert.Equal(1, calls);
        var view = RunView.Open(path);
        Assert.Equal([0.7, 0.5, double.NaN], view.Events().Select(e => e.Values["loss"]));
        Assert.Equal([Item("1", 0), Item("1", null)], view.Samples().Select(s => s.Item));
        Assert.All(File.ReadLines(folder.File("run/events.jsonl")), line => JsonNode.Parse(line));
    }

    [Fact]
    public void An_update_and_the_evaluation_after_it_stand_together_and_the_later_of_a_number_counts()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), new() { Command = "train" });
        run.Log("dpo", 1, new Dictionary<string, double> { ["loss"] = 0.7, ["kl"] = 1 });
        run.Log("dpo", 1, new Dictionary<string, double> { ["held_out_loss"] = 0.8 });
        run.Log("dpo", 2, new Dictionary<string, double> { ["loss"] = 0.6 });
        run.Log("dpo", 1, new Dictionary<string, double> { ["loss"] = 0.5 });
        Assert.Equal(
            [(1, "held_out_loss 0.8, kl 1, loss 0.5"), (2, "loss 0.6")],
            run.View.Events().Select(e => (e.Step, string.Join(", ", e.Values.OrderBy(v => v.Key, StringComparer.Ordinal).Select(v => FormattableString.Invariant($"{v.Key} {v.Value}"))))));
    }

    [Fact]
    public void A_result_with_its_items_survives_the_stage_file_to_the_bit()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), Record);
        var result = new MeasureResult(
            new Measurement
            {
                Name = "bias.crows_pairs",
                Meaning = "share",
                Value = 1.0 / 3,
                Unit = "share",
                Direction = Direction.TowardsIdeal,
                Ideal = 0.5,
                Interval = new Interval(0.1 + 0.2, 0.9, 0.95, "Wilson"),
                Count = 3,
                Unscored = new Dictionary<string, int> { ["too long"] = 2 },
                Cost = new Cost(10, 0.5),
            },
            [Item("1", 1e-300), Item("2", null)]);
        run.MarkDone("measure", Json.ToNode(result));
        var read = run.ResultOf<MeasureResult>("measure")!;
        Assert.Equal(result.Items, read.Items);
        Assert.Equal(result.Measurement.Unscored, read.Measurement.Unscored);
        Assert.Equal(result.Measurement, read.Measurement with { Unscored = result.Measurement.Unscored });
        Assert.Null(run.ResultOf<MeasureResult>("other"));
        Assert.Equal(["measure"], run.View.Stages().Select(s => s.Stage));
    }

    [Fact]
    public void A_folder_with_something_in_it_is_not_written_over()
    {
        using var folder = new TemporaryFolder();
        RunFolder.Create(folder.File("run"), Record).Dispose();
        Assert.Contains("already holds a run", Assert.Throws<AlidadeException>(() => RunFolder.Create(folder.File("run"), Record)).Message, StringComparison.Ordinal);
        Assert.Contains("not empty", Assert.Throws<AlidadeException>(() => RunFolder.Create(folder.Path, Record)).Message, StringComparison.Ordinal);
        Assert.Contains("no run.json", Assert.Throws<AlidadeException>(() => RunFolder.Open(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_processes_cannot_write_one_run_but_one_may_read_it()
    {
        using var folder = new TemporaryFolder();
        using (var run = RunFolder.Create(folder.File("run"), Record))
        {
            run.Log("dpo", 1, new Dictionary<string, double> { ["loss"] = 0.7 });
            Assert.Contains("another process", Assert.Throws<AlidadeException>(() => RunFolder.Open(folder.File("run"))).Message, StringComparison.Ordinal);
            Assert.Single(RunView.Open(folder.File("run")).Events());
        }

        RunFolder.Open(folder.File("run")).Dispose();
    }

    [Fact]
    public void An_artifact_stays_inside_the_folder()
    {
        using var folder = new TemporaryFolder();
        using var run = RunFolder.Create(folder.File("run"), Record);
        run.WriteArtifact("pictures/a.svg", "<svg/>");
        Assert.Equal("<svg/>", File.ReadAllText(folder.File("run/pictures/a.svg")));
        Assert.Throws<AlidadeException>(() => run.WriteArtifact("../outside.txt", "x"));
        Assert.Throws<AlidadeException>(() => run.WriteArtifact("/outside.txt", "x"));
    }

    [Fact]
    public void A_broken_line_names_file_line_and_column()
    {
        using var folder = new TemporaryFolder();
        RunFolder.Create(folder.File("run"), Record).Dispose();
        File.WriteAllText(folder.File("run/events.jsonl"), "{\"time\":\"2025-01-01T00:00:00Z\",\"stage\":\"dpo\",\"step\":1,\"values\":{}}\n{\"time\": oops}\n");
        var error = Assert.Throws<AlidadeException>(() => RunView.Open(folder.File("run")).Events());
        Assert.Contains("events.jsonl:2: column 10", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', error.Message);
    }
}
