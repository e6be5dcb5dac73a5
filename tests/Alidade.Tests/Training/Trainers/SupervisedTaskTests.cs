using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Training.Data;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Supervised;
using Alidade.Training.Trainers;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Trainers;

public sealed class SupervisedTaskTests : IDisposable
{
    private readonly OneThread thread = new();

    public void Dispose() => thread.Dispose();

    public static TheoryData<string> Objectives() => ["label_smoothing", "z_loss", "unlikelihood", "rejected_unlikelihood", "cringe", "weighted_sft"];

    [Theory]
    [MemberData(nameof(Objectives))]
    public void Training_lowers_the_loss_on_the_rows_it_sees(string name)
    {
        using var model = Tiny.Model();
        var rows = Marked(6);
        var result = new SupervisedTrainer { Model = model, Objective = Named(name), Options = Tiny.Options(40) }.Train(rows, rows.Rows);
        Assert.Equal(name, result.Objective);
        Assert.True(result.HeldOut[^1].Loss < result.HeldOut[0].Loss, $"{result.HeldOut[0].Loss} → {result.HeldOut[^1].Loss}");
    }

    [Theory]
    [InlineData("rejected_unlikelihood")]
    [InlineData("cringe")]
    public void Rows_to_avoid_become_less_likely_and_the_others_more(string name)
    {
        using var model = Tiny.Model();
        var rows = Marked(4);
        double Nll(bool avoided) => new SupervisedTrainer { Model = model, Options = Tiny.Options(1) with { Schedule = new() { LearningRate = 0 } } }
            .Train(rows, [.. rows.Rows.Where(r => r.Avoided == avoided).Select(r => r with { Avoided = false })]).HeldOut[0].Loss;
        var (liked, avoided) = (Nll(false), Nll(true));
        new SupervisedTrainer { Model = model, Objective = Named(name), Options = Tiny.Options(60) }.Train(rows);
        Assert.True(Nll(false) < liked);
        Assert.True(Nll(true) > avoided);
    }

    [Fact]
    public void A_row_of_weight_zero_teaches_nothing()
    {
        using var model = Tiny.Model();
        var rows = Tiny.Demonstrations(4);
        double[] Loss(TokenRows<DemonstrationTokens> train) => [new SupervisedTrainer { Model = model, Objective = new WeightedSft(), Options = Tiny.Options(1) with { BatchRows = 4, Accumulation = 1, Order = DataOrder.Sequential, Schedule = new() { LearningRate = 0 } } }
            .Train(train).Curve[0] is var step ? step.Loss : 0, 0];
        var weighted = rows with { Rows = [rows.Rows[0] with { Weight = 0 }, rows.Rows[1], rows.Rows[2] with { Weight = 0 }, rows.Rows[3]] };
        Assert.Equal(Loss(rows with { Rows = [rows.Rows[1], rows.Rows[3]] })[0], Loss(weighted)[0], 1e-6);
    }

    [Fact]
    public void A_student_comes_nearer_to_its_teacher()
    {
        using var model = Tiny.Model(seed: 3);
        using var teacher = Tiny.Model(seed: 4);
        var rows = Tiny.Demonstrations(6);
        // A teacher that has something to say.
        new SupervisedTrainer { Model = teacher, Options = Tiny.Options(60) }.Train(rows);
        foreach (var kind in new[] { DistillationKind.ForwardKl, DistillationKind.ReverseKl, DistillationKind.JensenShannon })
        {
            var result = new SupervisedTrainer { Model = model, Teacher = teacher, Objective = new Distillation { Kind = kind }, Options = Tiny.Options(30) }.Train(rows, rows.Rows);
            Assert.True(result.HeldOut[^1].Loss < result.HeldOut[0].Loss);
        }
    }

    [Fact]
    public void The_base_teaches_its_own_adapter_and_is_no_distance_away_at_first()
    {
        using var model = Tiny.Model();
        using var adapter = LoraAdapter.Create(model, "student", new() { Rank = 2 }, seed: 5);
        var rows = Tiny.Demonstrations(4);
        var result = new SupervisedTrainer { Model = model, Adapter = adapter, Teacher = model, Objective = new Distillation(), Options = Tiny.Options(1) }.Train(rows);
        Assert.Equal(0, result.Curve[0].Loss, 1e-7);
        Refused("cannot be the teacher of all of its own weights", () => new SupervisedTrainer { Model = model, Teacher = model, Objective = new Distillation(), Options = Tiny.Options(1) }.Train(rows));
        Refused("needs a teacher", () => new SupervisedTrainer { Model = model, Objective = new Distillation(), Options = Tiny.Options(1) }.Train(rows));
    }

    [Fact]
    public void A_teacher_is_known_again_by_its_weights()
    {
        using var folder = new TemporaryFolder();
        void Run(ulong teacherSeed, bool resume)
        {
            using var model = Tiny.Model();
            using var teacher = Tiny.Model(seed: teacherSeed);
            new SupervisedTrainer { Model = model, Teacher = teacher, Objective = new Distillation(), Options = Tiny.Options(2) }.Train(Tiny.Demonstrations(4), context: new() { Folder = folder.File("checkpoints"), Resume = resume });
        }

        Run(4, resume: false);
        Run(4, resume: true);
        Refused("other objective", () => Run(5, resume: true));
    }

    [Fact]
    public void Noise_changes_training_and_never_evaluation()
    {
        (double Loss, double HeldOut) First(Neftune? noise)
        {
            using var model = Tiny.Model();
            var rows = Tiny.Demonstrations(4);
            var result = new SupervisedTrainer { Model = model, Noise = noise, Options = Tiny.Options(1) }.Train(rows, rows.Rows);
            return (result.Curve[0].Loss, result.HeldOut[0].Loss);
        }

        var (plain, noisy) = (First(null), First(new() { Alpha = 5 }));
        Assert.NotEqual(plain.Loss, noisy.Loss);
        Assert.Equal(plain.HeldOut, noisy.HeldOut);
        Assert.Equal(noisy, First(new() { Alpha = 5 }));
    }

    [Fact]
    public void Noise_and_draws_go_on_after_a_resume_as_if_nothing_had_happened()
    {
        string Run(string? folder, bool resume, CancellationTokenSource? stop)
        {
            using var model = Tiny.Model();
            var context = new TrainingContext { Folder = folder, Resume = resume, Cancellation = stop?.Token ?? default, OnStep = s => { if (s.Update == 5) stop?.Cancel(); } };
            new SupervisedTrainer { Model = model, Objective = new Cringe { K = 3 }, Noise = new(), Options = Tiny.Options() }.Train(Marked(6), context: context);
            return Tiny.Bits(model, null);
        }

        using var folder = new TemporaryFolder();
        var path = folder.File("checkpoints");
        using var stop = new CancellationTokenSource();
        var undisturbed = Run(null, false, null);
        Assert.ThrowsAny<OperationCanceledException>(() => Run(path, false, stop));
        Assert.Equal(undisturbed, Run(path, true, null));
    }

    [Fact]
    public void A_repeated_token_loses_probability_where_it_is_marked()
    {
        using var model = Tiny.Model();
        int[] ids = [4, 9, 11, 9, 11, 9, 11];
        double[] weights = [0, 0, .. NGramRepeats.Of([4, 9], ids[2..], 2).Weights(0)];
        TokenRows<DemonstrationTokens> rows = new([new("a", ids, [false, false, true, true, true, true, true]) { TokenWeights = weights }], new Dictionary<string, int>(), 0);
        var unmarked = rows with { Rows = [rows.Rows[0] with { TokenWeights = null }] };
        using (var other = Tiny.Model())
            Assert.Equal(0.6, new SupervisedTrainer { Model = other, Objective = new SequenceUnlikelihood { N = 2 }, Options = Tiny.Options(1) }.Train(unmarked).Curve[0].Metrics["repeated_share"], 1e-6);
        var result = new SupervisedTrainer { Model = model, Objective = new SequenceUnlikelihood(), Options = Tiny.Options(20) }.Train(rows, rows.Rows);
        Assert.Equal(0.6, result.HeldOut[0].Metrics["repeated_share"], 1e-6);
        Assert.True(result.HeldOut[^1].Loss < result.HeldOut[0].Loss);
    }

    [Fact]
    public void What_a_hidden_token_is_matters_to_no_later_one()
    {
        using var model = Tiny.Model();
        double Loss(int id, bool hide)
        {
            int[] ids = [4, id, 11, 9, 7];
            var row = new DemonstrationTokens("a", ids, [false, false, false, true, true]) { Hidden = hide ? [false, true, false, false, false] : null };
            return new SupervisedTrainer { Model = model, Options = Tiny.Options(1) with { Schedule = new() { LearningRate = 0 } } }.Train(new([row], new Dictionary<string, int>(), 0)).Curve[0].Loss;
        }

        Assert.Equal(Loss(2, true), Loss(3, true));
        Assert.NotEqual(Loss(2, false), Loss(3, false));
    }

    [Fact]
    public void Updates_leave_no_tensor_behind()
    {
        using var model = Tiny.Model(layers: 1);
        using var teacher = Tiny.Model(seed: 4, layers: 1);
        void Train(int updates)
        {
            foreach (var objective in DemonstrationsOf())
                new SupervisedTrainer { Model = model, Objective = objective, Teacher = teacher, Noise = new(), Options = Tiny.Options(updates) }.Train(Marked(4), Marked(2).Rows);
        }

        Train(2);
        var before = Alidade.Tests.Models.LiveTensors.Settled();
        Train(12);
        Assert.Equal(before, Tensor.TotalCount);
    }

    [Fact]
    public void Noise_with_hooks_is_refused()
    {
        using var scope = NewDisposeScope();
        using var model = Tiny.Model();
        using var hook = model.Hooks.Add("blocks.0.hook_resid_pre", (x, _) => x.clone());
        Refused("remove the model's hooks", () => new SupervisedTrainer { Model = model, Noise = new(), Options = Tiny.Options(1) }.Train(Tiny.Demonstrations(2)));
    }

    [Fact]
    public void A_teacher_of_another_vocabulary_is_refused()
    {
        using var scope = NewDisposeScope();
        using var model = Tiny.Model();
        using var teacher = CausalLM.Create(model.Config with { VocabularySize = 31 }, tokenizer: null, chatTemplate: null, seed: 1);
        Refused("same vocabulary", () => new SupervisedTrainer { Model = model, Teacher = teacher, Objective = new Distillation(), Options = Tiny.Options(1) }.Train(Tiny.Demonstrations(2)));
    }

    private static void Refused(string message, Action action) => Assert.Contains(message, Assert.Throws<AlidadeException>(action).Message, StringComparison.Ordinal);

    private static IDemonstrationObjective Named(string name) => DemonstrationsOf().Single(o => o.Name == name);

    private static IEnumerable<IDemonstrationObjective> DemonstrationsOf() => typeof(Sft).Assembly.GetTypes()
        .Where(t => t is { IsAbstract: false, IsClass: true } && t.IsAssignableTo(typeof(IDemonstrationObjective))).Select(t => (IDemonstrationObjective)Activator.CreateInstance(t)!);

    private static TokenRows<DemonstrationTokens> Marked(int count)
    {
        var rows = Tiny.Demonstrations(count);
        return rows with { Rows = [.. rows.Rows.Select((r, i) => r with { Avoided = i % 2 == 1, Weight = 1 + (i % 3) })] };
    }
}
