using Alidade.Core;
using Alidade.Models;
using Alidade.Tests.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Trainers;

public sealed class TrainingLoopTests : IDisposable
{
    private readonly OneThread thread = new();

    public void Dispose() => thread.Dispose();

    [Fact]
    public void A_thousand_updates_leave_no_tensor_behind()
    {
        using var model = Tiny.Model(layers: 1);
        using var adapter = Tiny.Adapter(model);
        // Once before, so that what is made at the first use is not counted.
        void Train(int updates)
        {
            var options = Tiny.Options(updates) with { BatchRows = 1, Accumulation = 1 };
            new SupervisedTrainer { Model = model, Adapter = adapter, Options = options }.Train(Tiny.Demonstrations(4), Tiny.Demonstrations(2, 8).Rows);
            new PreferenceTrainer { Model = model, Adapter = adapter, Options = options }.Train(Tiny.Pairs(4), Tiny.Pairs(2, 12).Rows);
            new PreferenceTrainer { Model = model, Adapter = adapter, Options = options with { MaxUpdates = 3 }, MovingReference = new() { Every = 2 } }.Train(Tiny.Pairs(4), Tiny.Pairs(2, 12).Rows);
            foreach (var objective in new IUnpairedObjective[] { new Kto(), new Bco() })
                new UnpairedTrainer { Model = model, Adapter = adapter, Options = options with { BatchRows = 2, MaxUpdates = 3 }, Objective = objective }.Train(Tiny.Answers(4), Tiny.Answers(2, 12).Rows);
        }

        Train(2);
        var before = LiveTensors.Settled();
        Train(500);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Activations_that_are_recomputed_train_to_the_same_bits()
    {
        string Bits(bool recomputed)
        {
            using var model = Tiny.Model();
            using var adapter = Tiny.Adapter(model);
            new PreferenceTrainer { Model = model, Adapter = adapter, Options = Tiny.Options(3) with { RecomputeActivations = recomputed } }
                .Train(Tiny.Pairs(8), Tiny.Pairs(2, 12).Rows, new() { OnStep = _ => Assert.Equal(recomputed ? KeptActivations.Inputs : KeptActivations.Products, model.KeptActivations) });
            Assert.Equal(KeptActivations.All, model.KeptActivations);
            return Tiny.Bits(model, adapter);
        }

        Assert.Equal(Bits(false), Bits(true));
    }

    [Fact]
    public void Training_an_adapter_leaves_the_base_as_it_was_and_the_model_without_an_adapter()
    {
        using var model = Tiny.Model();
        using var adapter = Tiny.Adapter(model);
        var before = Tiny.Bits(model, null);
        new PreferenceTrainer { Model = model, Adapter = adapter, Options = Tiny.Options() }.Train(Tiny.Pairs(8));
        Assert.Equal(before, Tiny.Bits(model, null));
        Assert.Null(model.Adapter);
    }

    [Fact]
    public void However_a_window_is_cut_into_micro_batches_supervised_training_takes_the_same_step()
    {
        var losses = new List<double>();
        var norms = new List<double>();
        foreach (var (rows, accumulation) in new[] { (8, 1), (4, 2), (3, 3), (1, 8) })
        {
            using var model = Tiny.Model();
            var options = Tiny.Options(1) with { BatchRows = rows, Accumulation = accumulation };
            var step = new SupervisedTrainer { Model = model, Options = options }.Train(Tiny.Demonstrations(8)).Curve[0];
            losses.Add(step.Loss);
            norms.Add(step.GradientNorm);
        }

        Assert.All(losses, l => Assert.Equal(losses[0], l, 1e-5));
        Assert.All(norms, n => Assert.Equal(norms[0], n, 1e-5));
    }

    [Fact]
    public void At_the_first_update_the_policy_is_its_reference_to_the_bit()
    {
        using var model = Tiny.Model();
        using var adapter = Tiny.Adapter(model);
        foreach (var reference in new[] { ReferenceModel.Start, ReferenceModel.Base })
        {
            var step = new PreferenceTrainer { Model = model, Adapter = adapter, Options = Tiny.Options(1), Reference = reference }.Train(Tiny.Pairs(8)).Curve[0];
            Assert.Equal(0, step.Metrics["rewards_chosen"]);
            Assert.Equal(0, step.Metrics["rewards_accuracy"]);
        }
    }

    [Fact]
    public void An_adapter_that_was_trained_before_is_its_own_reference_unless_the_base_is_asked_for()
    {
        using var model = Tiny.Model();
        using var adapter = Tiny.Adapter(model);
        new SupervisedTrainer { Model = model, Adapter = adapter, Options = Tiny.Options() }.Train(Tiny.Demonstrations(8));
        double First(ReferenceModel reference) => Math.Abs(
            new PreferenceTrainer { Model = model, Adapter = adapter, Options = Tiny.Options(1), Reference = reference }.Train(Tiny.Pairs(8)).Curve[0].Metrics["rewards_chosen"]);
        Assert.Equal(0, First(ReferenceModel.Start));
        Assert.True(First(ReferenceModel.Base) > 1e-3);
    }

    [Fact]
    public void Preference_training_raises_the_margin_on_the_rows_it_sees()
    {
        using var model = Tiny.Model();
        var result = new PreferenceTrainer { Model = model, Options = Tiny.Options(60) with { Order = DataOrder.Sequential } }.Train(Tiny.Pairs(4), Tiny.Pairs(4).Rows);
        Assert.Equal(0, result.HeldOut[0].Metrics["rewards_margin"]);
        Assert.Equal(1, result.HeldOut[^1].Metrics["rewards_accuracy"]);
        Assert.Equal([0, 60], result.HeldOut.Select(p => p.Update));
    }

    [Fact]
    public void Training_stops_when_patience_runs_out_and_the_best_weights_stand()
    {
        using var model = Tiny.Model();
        var rows = Tiny.Demonstrations(6);
        // Other rows: learning these by heart only makes those worse.
        var others = Tiny.Demonstrations(6, seed: 99).Rows;
        var options = Tiny.Options(200) with { EvaluateEvery = 5, Patience = 2, Keep = FinalWeights.Best, Schedule = new() { LearningRate = 0.02 } };
        var result = new SupervisedTrainer { Model = model, Options = options }.Train(rows, others);
        Assert.True(result.StoppedEarly);
        Assert.Equal(result.HeldOut.MinBy(p => p.Loss)!.Update, result.BestUpdate);
        Assert.Equal(2, result.HeldOut.Count(p => p.Update > result.BestUpdate));
        var again = new SupervisedTrainer { Model = model, Options = options with { MaxUpdates = 1, Patience = 0, Keep = FinalWeights.Last } }.Train(rows, others);
        Assert.Equal(result.HeldOut.Min(p => p.Loss), again.HeldOut[0].Loss, 1e-6);
    }

    [Fact]
    public void A_loss_that_is_no_number_ends_training_and_keeps_the_weights_before_it()
    {
        using var model = Tiny.Model();
        var options = Tiny.Options(50) with { Schedule = new() { LearningRate = 1e30 }, MaxGradientNorm = 0 };
        var error = Assert.Throws<AlidadeException>(() => new SupervisedTrainer { Model = model, Options = options }.Train(Tiny.Demonstrations(8)));
        Assert.Contains("Lower the learning rate", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_that_nothing_can_be_learned_from_are_counted()
    {
        using var model = Tiny.Model();
        var rows = Tiny.Demonstrations(4);
        var mute = new DemonstrationTokens("mute", [1, 2], [true, false]);
        var result = new SupervisedTrainer { Model = model, Options = Tiny.Options(1) }.Train(
            rows with { Rows = [.. rows.Rows, mute], Dropped = new Dictionary<string, int> { ["too long"] = 2 }, Truncated = 1 });
        Assert.Equal(4, result.Rows);
        Assert.Equal(3, result.Dropped.Values.Sum());
        Assert.Equal(1, result.Truncated);
        Assert.Throws<AlidadeException>(() => new SupervisedTrainer { Model = model, Options = Tiny.Options(1) }.Train(rows with { Rows = [mute] }));
    }

    [Fact]
    public void A_row_longer_than_the_context_is_a_clear_error()
    {
        using var model = Tiny.Model();
        var ids = new int[65];
        var rows = new TokenRows<DemonstrationTokens>([new("long", ids, [.. ids.Select(_ => true)])], new Dictionary<string, int>(), 0);
        Assert.Contains("context of 64", Assert.Throws<AlidadeException>(() => new SupervisedTrainer { Model = model, Options = Tiny.Options(1) }.Train(rows)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_of_half_precision_are_refused()
    {
        using var folder = new Core.TemporaryFolder();
        using (var model = Tiny.Model())
            model.Save(folder.Path);
        using var half = CausalLM.Load(folder.Path, new() { DType = ScalarType.BFloat16 });
        Assert.Throws<NotBuiltException>(() => new SupervisedTrainer { Model = half, Options = Tiny.Options(1) }.Train(Tiny.Demonstrations(4)));
    }

    [Fact]
    public void All_settings_that_are_out_of_range_are_reported_together()
    {
        var error = Assert.Throws<AlidadeException>(() => (Tiny.Options() with { BatchRows = 0, Epochs = -1, Patience = -2 }).Validate());
        Assert.All(new[] { "rows of a batch 0", "epochs -1", "patience -2" }, part => Assert.Contains(part, error.Message, StringComparison.Ordinal));
    }
}
