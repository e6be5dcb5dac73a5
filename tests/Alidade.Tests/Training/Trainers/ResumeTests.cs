using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;

namespace Alidade.Tests.Training.Trainers;

public sealed class ResumeTests : IDisposable
{
    private readonly OneThread thread = new();

    public void Dispose() => thread.Dispose();

    /// <summary>Objective, adapter, micro-batches that run before the stop, and whether the run dies without a word (only what a periodic checkpoint kept is left).</summary>
    public static TheoryData<string, bool, int, bool> Stops()
    {
        var data = new TheoryData<string, bool, int, bool>();
        foreach (var objective in new[] { "sft", "dpo", "tr_dpo", "bco", "kto" })
            foreach (var adapter in new[] { false, true })
                foreach (var (update, killed) in new[] { (objective == "sft" ? 1 : 4, false), (adapter ? 7 : 11, true) })
                    data.Add(objective, adapter, update, killed);
        return data;
    }

    [Theory]
    [MemberData(nameof(Stops))]
    public void A_run_that_was_stopped_and_resumed_ends_with_the_same_bits(string objective, bool useAdapter, int update, bool killed)
    {
        var undisturbed = Run(objective, useAdapter, null, null, null, resume: false);
        using var folder = new TemporaryFolder();
        var path = folder.File("checkpoints");
        using var stop = new CancellationTokenSource();
        void StopAt(TrainingStep step)
        {
            if (step.Update != update)
                return;
            if (killed)
                throw new InvalidOperationException("killed");
            stop.Cancel();
        }

        Assert.ThrowsAny<Exception>(() => Run(objective, useAdapter, path, StopAt, stop.Token, resume: false));
        var resumed = Run(objective, useAdapter, path, null, null, resume: true);
        Assert.Equal(undisturbed.Bits, resumed.Bits);
        Assert.Equal(undisturbed.Result.Curve.Select(s => s.Loss), resumed.Result.Curve.Select(s => s.Loss));
        Assert.Equal(undisturbed.Result.HeldOut.Select(s => s.Loss), resumed.Result.HeldOut.Select(s => s.Loss));
        Assert.Equal(undisturbed.Result.Tokens, resumed.Result.Tokens);
    }

    [Fact]
    public void A_checkpoint_that_was_never_finished_is_not_resumed_from()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("checkpoints");
        var whole = Run("sft", true, path, null, null, resume: false);
        foreach (var name in new[] { "step-000099.unfinished", "step-000050" })
        {
            Directory.CreateDirectory(Path.Combine(path, name));
            File.WriteAllText(Path.Combine(path, name, "weights.safetensors"), "half a fi");
        }

        var again = Run("sft", true, path, null, null, resume: true);
        Assert.Equal(whole.Bits, again.Bits);
        Assert.Equal(12, again.Result.Updates);
    }

    [Fact]
    public void A_checkpoint_of_other_settings_is_refused_by_the_name_of_what_differs()
    {
        using var folder = new TemporaryFolder();
        Run("sft", true, folder.Path, null, null, resume: false);
        using var model = Tiny.Model();
        using var adapter = Tiny.Adapter(model);
        var trainer = new SupervisedTrainer { Model = model, Adapter = adapter, Options = Tiny.Options() with { Seed = 18 } };
        var error = Assert.Throws<AlidadeException>(() => trainer.Train(Tiny.Demonstrations(9), Tiny.Demonstrations(3, 8).Rows, new() { Folder = folder.Path, Resume = true }));
        Assert.Contains("other settings", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_that_was_measured_against_other_weights_is_refused()
    {
        using var folder = new TemporaryFolder();
        Run("dpo", false, folder.Path, null, null, resume: false);
        using var other = Tiny.Model(seed: 4);
        var trainer = new PreferenceTrainer { Model = other, Options = Tiny.Options() with { CheckpointEvery = 3, EvaluateEvery = 4 } };
        var error = Assert.Throws<AlidadeException>(() => trainer.Train(Tiny.Pairs(9), Tiny.Pairs(3, 12).Rows, new() { Folder = folder.Path, Resume = true }));
        Assert.Contains("with other reference", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_checkpoints_is_not_trained_over()
    {
        using var folder = new TemporaryFolder();
        Run("sft", true, folder.Path, null, null, resume: false);
        Assert.Contains("resume it", Assert.Throws<AlidadeException>(() => Run("sft", true, folder.Path, null, null, resume: false)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Old_checkpoints_are_removed()
    {
        using var folder = new TemporaryFolder();
        Run("dpo", true, folder.Path, null, null, resume: false);
        Assert.Equal(["step-000009", "step-000012"], Directory.EnumerateDirectories(folder.Path).Select(Path.GetFileName).Order());
    }

    private static (string Bits, TrainingResult Result) Run(string objective, bool useAdapter, string? folder, Action<TrainingStep>? onStep, CancellationToken? cancellation, bool resume)
    {
        using var model = Tiny.Model();
        using var adapter = useAdapter ? Tiny.Adapter(model) : null;
        var options = Tiny.Options() with { CheckpointEvery = 3, EvaluateEvery = 4 };
        var context = new TrainingContext { Folder = folder, Resume = resume, OnStep = onStep, Cancellation = cancellation ?? default };
        var result = objective switch
        {
            "sft" => new SupervisedTrainer { Model = model, Adapter = adapter, Options = options }.Train(Tiny.Demonstrations(9), Tiny.Demonstrations(3, 8).Rows, context),
            // A running mean and a reference that moves are what a checkpoint has to keep besides the weights.
            "bco" => new UnpairedTrainer { Model = model, Adapter = adapter, Options = options, Objective = new Bco() }.Train(Tiny.Answers(9), Tiny.Answers(3, 12).Rows, context),
            "kto" => new UnpairedTrainer { Model = model, Adapter = adapter, Options = options }.Train(Tiny.Answers(9), Tiny.Answers(3, 12).Rows, context),
            "tr_dpo" => new PreferenceTrainer { Model = model, Adapter = adapter, Options = options, MovingReference = new() { Every = 2 } }.Train(Tiny.Pairs(9), Tiny.Pairs(3, 12).Rows, context),
            _ => new PreferenceTrainer { Model = model, Adapter = adapter, Options = options }.Train(Tiny.Pairs(9), Tiny.Pairs(3, 12).Rows, context),
        };
        return (Tiny.Bits(model, adapter), result);
    }
}
