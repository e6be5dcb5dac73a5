using System.Diagnostics;
using System.Globalization;
using Alidade.Core.Files;
using Alidade.Core.Reports;
using Alidade.Core.Runs;
using Alidade.Tests.Core;

namespace Alidade.Tests.Cli;

/// <summary>
/// The main job on a disk that really is full: a small file system in memory, mounted where only the child process sees it. Linux allows that to everyone who may make
/// a namespace of users (<c>unshare</c>); elsewhere the test is skipped.
/// </summary>
public sealed class FullDiskTests : IDisposable
{
    private const string Recipe = """
        data: { preferences: pairs.jsonl, held_out: 0.3 }
        stages:
          - objective: sft
            data: { held_out_rows: 4 }
            training: { batch_rows: 4, max_updates: 6, checkpoint_every: 2 }
          - objective: dpo
            data: { held_out_rows: 4 }
            training: { batch_rows: 4, max_updates: 6, checkpoint_every: 2 }
        measures: { refusals: { file: requests.csv }, max_new_tokens: 4, distance: 4, samples: 3 }
        open: { pairs: 1, layers: 2, positions: 3 }
        """;

    // Runs the command on a full disk, says what it left, gives the disk room, runs it again, and takes the run out of the disk that vanishes with this process.
    private const string Script = """
        mount -t tmpfs -o size="$SIZE" tmpfs "$DISK" || exit 77
        "$@"; echo "code $?"
        ls "$DISK/run/stages" 2>/dev/null | sed 's/^/kept /'
        find "$DISK" -name '*.tmp' | sed 's/^/left /'
        mount -o remount,size=256m "$DISK" || exit 77
        if [ -f "$DISK/run/run.json" ]; then export ALIDADE_TEST_ARGUMENTS="$RESUME"; fi
        echo resumed >&2
        "$@"; echo "code $?"
        cp -r "$DISK/run" "$OUT"
        """;

    private readonly TemporaryFolder folder = new();

    public static bool CanMount { get; } = Try();

    public void Dispose() => folder.Dispose();

    [Fact(SkipUnless = nameof(CanMount), Skip = "no file system can be mounted here: that takes Linux, 'unshare', and leave to make a namespace of users")]
    public void A_disk_that_fills_up_is_one_line_and_with_room_the_run_comes_to_the_same_numbers()
    {
        var model = TinyModel.Write(folder.File("model"));
        folder.Write("pairs.jsonl", TrainRows.Of("dpo", 30));
        folder.Write("requests.csv", "id,prompt,type,label,focus,note\n" + string.Concat(Enumerable.Range(0, 48).Select(i => $"{i + 1},the cat {i},homonyms,{(i % 2 == 0 ? "safe" : "unsafe")},cat,\n")));
        string[] arguments = ["align", folder.Write("recipe.yaml", Recipe), "--model", model, "--threads", "1", "--out"];
        var whole = folder.File("whole");
        var undisturbed = CommandChild.Run(CommandChild.With([.. arguments, whole]));
        Assert.True(undisturbed.Code == 0, undisturbed.Error);
        var bytes = Directory.EnumerateFiles(whole, "*", SearchOption.AllDirectories).Sum(f => new FileInfo(f).Length);
        var kept = new List<int>();
        // Full before the run has begun, while it measures, and near its end.
        foreach (var share in (double[])[0.01, 0.3, 0.85])
            kept.Add(Filled(arguments, whole, (long)(bytes * share)));
        Assert.Equal(0, kept[0]);
        Assert.True(kept[1] > 0 && kept[2] > kept[1], string.Join(", ", kept));
    }

    // Runs on a disk of so many bytes, and again when there is room; how many stages were done when the disk was full.
    private int Filled(string[] arguments, string whole, long size)
    {
        var disk = Directory.CreateDirectory(folder.File("disk")).FullName;
        var run = folder.File(string.Create(CultureInfo.InvariantCulture, $"run-{size}"));
        var result = CommandChild.Run(Mounted(CommandChild.With([.. arguments, Path.Combine(disk, "run")]), new()
        {
            ["SIZE"] = size.ToString(CultureInfo.InvariantCulture),
            ["DISK"] = disk,
            ["OUT"] = run,
            ["RESUME"] = string.Join('\n', "align", "--resume", Path.Combine(disk, "run"), "--threads", "1"),
        }));
        var lines = result.Output.Split('\n');
        Assert.Equal(["code 2", "code 0"], lines.Where(l => l.StartsWith("code ", StringComparison.Ordinal)));
        // Nothing half-written is left, and one line says what to do.
        Assert.DoesNotContain(lines, l => l.StartsWith("left ", StringComparison.Ordinal));
        var said = Assert.Single(result.Error.Split("resumed")[0].Split('\n'), l => l.StartsWith("alidade: ", StringComparison.Ordinal));
        Assert.Contains("the disk is full; free some space", said, StringComparison.Ordinal);
        string[] kept = [.. lines.Where(l => l.StartsWith("kept ", StringComparison.Ordinal)).Select(l => l["kept ".Length..^".json".Length]).Order(StringComparer.Ordinal)];
        var view = RunView.Open(run);
        if (kept.Length > 0)
        {
            // What was done before the disk was full was not done again.
            Assert.Contains($"go on with 'alidade align --resume {Path.Combine(disk, "run")}'", said, StringComparison.Ordinal);
            var resumed = Assert.Single(view.Record.Resumed);
            Assert.Equal(kept, view.Stages().Where(s => s.Finished < resumed).Select(s => s.Stage).Order(StringComparer.Ordinal));
        }

        Assert.Equal(RunState.Done, view.Record.State);
        Assert.Equal(Numbers(whole), Numbers(run));
        foreach (var adapter in (string[])["adapter-1-sft", "adapter-2-dpo", "adapter"])
            Assert.Equal(ContentHash.OfFile(Path.Combine(whole, adapter, "adapter_model.safetensors")), ContentHash.OfFile(Path.Combine(run, adapter, "adapter_model.safetensors")));
        return kept.Length;
    }

    private static string Numbers(string run) => ReportNumbers.Of(Json.ReadFile<AlignmentReport>(Path.Combine(run, "report.json")));

    private static ProcessStartInfo Mounted(ProcessStartInfo command, Dictionary<string, string> variables)
    {
        var start = new ProcessStartInfo("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", Script, "sh", command.FileName, .. command.ArgumentList]) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var (name, value) in command.Environment.Concat(variables.Select(v => new KeyValuePair<string, string?>(v.Key, v.Value))))
            start.Environment[name] = value;
        return start;
    }

    private static bool Try()
    {
        if (!OperatingSystem.IsLinux())
            return false;
        try
        {
            using var process = Process.Start(new ProcessStartInfo("unshare", ["--user", "--map-root-user", "--mount", "sh", "-c", "mount -t tmpfs -o size=64k tmpfs /tmp"]) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
