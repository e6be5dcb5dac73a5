using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>
/// The default recipe, shortened, in a process of its own that is killed without a word in each of its stages and taken up again each time: it comes to the numbers
/// and weights of the run that nobody disturbed.
/// </summary>
public sealed class AlignKillTests
{
    // What stands in the run folder when a stage begins, and the stage that the kill strikes.
    private static readonly (string Sign, string Struck)[] Stages =
    [
        ("stages/world.json", "measure before"),
        ("stages/before.behaviour.refusal.json", "attack before"),
        ("stages/before.samples.json", "first stage of training"),
        ("checkpoints-1-balance", "first stage of training, at a checkpoint"),
        ("stages/train.1-balance.json", "second stage of training"),
        ("stages/train.2-sft.json", "third stage of training"),
        ("stages/train.3-dpo.json", "measure after"),
        ("stages/after.behaviour.refusal.json", "attack after"),
        ("stages/after.samples.json", "distance"),
        ("stages/after.distance.json", "open"),
        ("stages/open.lens.after.json", "report"),
    ];

    public static bool AreThere => ExampleRuns.AreThere;

    [Fact(SkipUnless = nameof(AreThere), Skip = "the tests run apart from the sources")]
    public void A_run_that_is_killed_in_every_stage_comes_to_the_same_numbers_and_weights()
    {
        using var folder = new TemporaryFolder();
        var recipe = folder.Write("quickstart.yaml", ExampleRuns.Shortened(File.ReadAllText(Path.Combine(ExampleRuns.Folder!, "quickstart.yaml"))));
        var (whole, run) = (folder.File("whole"), folder.File("run"));
        var undisturbed = CommandChild.Run(CommandChild.With(Arguments(recipe, whole)));
        Assert.True(undisturbed.Code == 0, undisturbed.Error);
        var (missed, ended) = (new List<string>(), false);
        foreach (var (sign, struck) in Stages)
        {
            var path = Path.Combine(run, sign);
            // On a busy machine a kill may come late: then it struck the stage after, or the run was over.
            if (ended || Path.Exists(path))
            {
                missed.Add(struck);
                continue;
            }

            var killed = CommandChild.Run(CommandChild.With(Arguments(recipe, run)), _ => Path.Exists(path));
            Assert.True(Path.Exists(path), $"{struck}: the run ended by itself: {killed.Error}");
            ended = killed.Code == 0;
            if (ended)
                missed.Add(struck);
            else
                Assert.Equal(RunState.Running, RunView.Open(run).Record.State);
        }

        Assert.True(missed.Count <= 2, string.Join(", ", missed));
        if (!ended)
        {
            var last = CommandChild.Run(CommandChild.With(Arguments(recipe, run)));
            Assert.True(last.Code == 0, last.Error);
        }

        Assert.Equal(Stages.Length - missed.Count, RunView.Open(run).Record.Resumed.Count);
        Assert.Equal(Numbers(whole), Numbers(run));
        foreach (var adapter in (string[])["adapter-1-balance", "adapter-2-sft", "adapter-3-dpo", "adapter"])
            Assert.Equal(Weights(whole, adapter), Weights(run, adapter));
    }

    // The last bits of a product depend on the number of threads.
    private static string[] Arguments(string recipe, string run) => [.. Directory.Exists(run) ? (string[])["align", "--resume", run] : ["align", recipe, "--out", run], "--threads", "1"];

    private static string Numbers(string run) => ReportNumbers.Of(Json.ReadFile<AlignmentReport>(Path.Combine(run, "report.json")));

    private static string Weights(string run, string adapter) => ContentHash.OfFile(Path.Combine(run, adapter, "adapter_model.safetensors"));
}
