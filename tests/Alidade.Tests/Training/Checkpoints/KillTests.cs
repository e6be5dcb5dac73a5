using System.Diagnostics;
using System.Globalization;
using Alidade.Core.Statistics;
using Alidade.Tests.Cli;
using Alidade.Tests.Core;

namespace Alidade.Tests.Training.Checkpoints;

/// <summary>
/// A training in a process of its own that is killed at random moments, without a word, and resumed until it is done. <c>ALIDADE_KILLS=100</c> is the long form.
/// </summary>
public sealed class KillTests
{
    private const string Variable = "ALIDADE_KILLS";
    private static int Kills => int.TryParse(Environment.GetEnvironmentVariable(Variable), CultureInfo.InvariantCulture, out var kills) ? kills : 2;

    public static TheoryData<string> Objectives() => ["sft", "dpo", "grpo", "reward", "a_lol", "iterative_dpo"];

    [Theory]
    [MemberData(nameof(Objectives))]
    public void A_training_that_is_killed_again_and_again_ends_with_the_same_bits(string objective)
    {
        using var folder = new TemporaryFolder();
        var model = TinyModel.Write(folder.File("model"));
        var data = folder.Write("rows.jsonl", TrainRows.Of(objective, 24));
        string[] begin = ["train", objective, "--model", model, "--data", data, "--threads", "1", "--set", "batch_rows=2", "checkpoint_every=3", "rank=2", .. Own(objective)];
        var watch = Stopwatch.StartNew();
        Assert.Equal(0, Child([.. begin, "--out", folder.File("whole")], null));
        var whole = (int)watch.ElapsedMilliseconds;
        var expected = Weights(folder.File("whole"));

        var random = new SeededRandom((ulong)Environment.ProcessId);
        for (int kills = 0, run = 0; kills < Kills; run++)
        {
            var path = folder.File($"run-{run}");
            // At most this often in one run, so that it ends.
            for (var inRun = 0; ; inRun++)
            {
                var begun = File.Exists(Path.Combine(path, "run.json"));
                if (!begun && Directory.Exists(path))
                    Directory.Delete(path, recursive: true);
                int? after = kills < Kills && inRun < 5 ? (whole / 4) + random.NextInt(Math.Max(1, whole * 3 / 4)) : null;
                var code = Child(begun ? ["train", "--resume", path] : [.. begin, "--out", path], after);
                if (code == 0)
                    break;
                Assert.True(after is not null);
                kills++;
            }

            Assert.Equal(expected, Weights(path));
        }
    }

    private static string[] Own(string objective) => objective switch
    {
        "reward" => [.. Evaluated, "members=2"],
        "grpo" => [.. Evaluated, .. Answered, "reward=length_penalty", "rollouts.prompts=2", "rollouts.samples=2", "rollouts.max_new_tokens=4"],
        // Six batches of the model's own answers, most of them longer than those of the rows; few updates, so that many kills strike the sampling.
        "a_lol" => ["max_updates=6", "evaluate_every=7", .. Answered, "reward=length_penalty", "values.answers=16", "values.max_new_tokens=8"],
        // A kill strikes the sampling, the training or the measure of any round.
        "iterative_dpo" => [.. Answered, "reward={\"rule\":{\"name\":\"contains\",\"text\":\"a\"}}", "objective.rounds=6", "rollouts.samples=4", "rollouts.max_new_tokens=6"],
        _ => [.. Evaluated, .. Answered],
    };

    private static string[] Evaluated => ["max_updates=40", "evaluate_every=7"];

    private static string[] Answered => ["samples.count=1", "samples.max_new_tokens=4"];

    // Of an ensemble those of every member.
    private static string Weights(string run)
    {
        var files = Directory.GetFiles(Path.Combine(run, "adapter"), "adapter_model.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal).ToArray();
        Assert.NotEmpty(files);
        return string.Join(' ', files.Select(f => Convert.ToHexString(File.ReadAllBytes(f))));
    }

    // The exit code; that of a killed process is not 0.
    private static int Child(string[] arguments, int? killAfter)
    {
        var result = CommandChild.Run(CommandChild.With(arguments), ran => ran.TotalMilliseconds > killAfter);
        Assert.True(killAfter is not null || result.Code == 0, result.Error + result.Output);
        return result.Code;
    }
}
