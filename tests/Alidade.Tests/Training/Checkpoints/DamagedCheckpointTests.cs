using System.Diagnostics;
using Alidade.Core;
using Alidade.Models;
using Alidade.Tests.Core;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Training.Checkpoints;

public sealed class DamagedCheckpointTests : IDisposable
{
    private readonly OneThread thread = new();

    public void Dispose() => thread.Dispose();

    [Theory]
    [InlineData("weights.safetensors", "flip", "weights.safetensors is not as it was written")]
    [InlineData("optimizer.safetensors", "cut", "optimizer.safetensors is not as it was written")]
    [InlineData("state.json", "flip", "state.json is not as it was written")]
    [InlineData("state.json", "remove", "state.json is missing")]
    [InlineData("hashes.json", "remove", "hashes.json is missing")]
    [InlineData("hashes.json", "cut", "hashes.json")]
    public void A_damaged_checkpoint_is_set_aside_and_the_one_before_it_leads_to_the_same_bits(string file, string damage, string told)
    {
        using var folder = new TemporaryFolder();
        var (whole, _) = Run(folder.Path, resume: false);
        Damage(Path.Combine(folder.Path, "step-000012", file), damage);
        var (again, warnings) = Run(folder.Path, resume: true);
        Assert.Equal(whole, again);
        var warning = Assert.Single(warnings, w => w.Contains("damaged", StringComparison.Ordinal));
        Assert.Contains(told, warning, StringComparison.Ordinal);
        Assert.Contains("going on from the one before it", warning, StringComparison.Ordinal);
        Assert.Contains("step-000009", warning, StringComparison.Ordinal);
        Assert.True(Directory.Exists(Path.Combine(folder.Path, "step-000012.damaged")));
        // What stands in its place now is whole.
        Assert.Empty(Run(folder.Path, resume: true).Warnings);
    }

    [Fact]
    public void When_all_are_damaged_training_does_not_begin_again_unasked()
    {
        using var folder = new TemporaryFolder();
        Run(folder.Path, resume: false);
        foreach (var step in Directory.EnumerateDirectories(folder.Path))
            Damage(Path.Combine(step, "weights.safetensors"), "flip");
        var error = Assert.Throws<AlidadeException>(() => Run(folder.Path, resume: true));
        Assert.Contains("every checkpoint", error.Message, StringComparison.Ordinal);
        Assert.Contains("step-000009: weights.safetensors", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damaged_best_weights_are_not_taken_for_the_best()
    {
        using var folder = new TemporaryFolder();
        Run(folder.Path, resume: false, FinalWeights.Best);
        Damage(Path.Combine(Assert.Single(Directory.EnumerateDirectories(folder.Path, "best-*")), "weights.safetensors"), "flip");
        Assert.Contains("best weights", Assert.Throws<AlidadeException>(() => Run(folder.Path, resume: true, FinalWeights.Best)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_full_disk_is_one_line_and_the_older_checkpoints_stand()
    {
        using var folder = new TemporaryFolder();
        // The whole model's checkpoint takes about 45 kB.
        Assert.SkipUnless(OperatingSystem.IsLinux() && Command("mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", folder.Path), "no small disk can be mounted here");
        try
        {
            var error = Assert.Throws<AlidadeException>(() => RunWhole(folder.Path));
            Assert.Contains("the disk is full", error.Message, StringComparison.Ordinal);
            Assert.Contains("stands, go on from it", error.Message, StringComparison.Ordinal);
            var standing = Assert.Single(Directory.EnumerateDirectories(folder.Path));
            Assert.Contains(standing, error.Message, StringComparison.Ordinal);
            Assert.Null(Alidade.Training.Checkpoints.FileHashes.Fault(standing));
        }
        finally
        {
            Command("umount", folder.Path);
        }
    }

    private static (string Bits, List<string> Warnings) Run(string folder, bool resume, FinalWeights keep = FinalWeights.Last)
    {
        using var model = Tiny.Model();
        using var adapter = Tiny.Adapter(model);
        var warnings = new List<string>();
        new SupervisedTrainer { Model = model, Adapter = adapter, Options = Tiny.Options() with { CheckpointEvery = 3, EvaluateEvery = 4, Keep = keep } }
            .Train(Tiny.Demonstrations(9), Tiny.Demonstrations(3, 8).Rows, new() { Folder = folder, Resume = resume, OnWarning = warnings.Add });
        return (Tiny.Bits(model, adapter), warnings);
    }

    private static void RunWhole(string folder)
    {
        using var model = Tiny.Model();
        new SupervisedTrainer { Model = model, Options = Tiny.Options() with { CheckpointEvery = 1, KeepCheckpoints = 5 } }.Train(Tiny.Demonstrations(9), null, new() { Folder = folder });
    }

    private static void Damage(string file, string how)
    {
        var bytes = how == "remove" ? [] : File.ReadAllBytes(file);
        switch (how)
        {
            case "remove":
                File.Delete(file);
                break;
            case "cut":
                File.WriteAllBytes(file, bytes[..(bytes.Length / 2)]);
                break;
            default:
                bytes[^3] ^= 1;
                File.WriteAllBytes(file, bytes);
                break;
        }
    }

    private static bool Command(string name, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(name, arguments) { RedirectStandardError = true, RedirectStandardOutput = true })!;
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }
}
