using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Adapters;
using Alidade.Tests.Core;
using Alidade.Tests.Models;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;
using TorchSharp;

namespace Alidade.Tests.Training.Trainers.Policy;

public sealed class PolicyTrainerTests : IDisposable
{
    private readonly OneThread thread = new();

    public void Dispose() => thread.Dispose();

    public static TheoryData<string> Methods() => new() { "grpo", "dapo", "dr_grpo", "rloo", "remax", "reinforce_plus_plus", "reinforce_plus_plus_baseline", "ppo", "ppo over one base" };

    [Theory]
    [MemberData(nameof(Methods))]
    public void Every_method_raises_the_reward(string method)
    {
        using var run = Run.Of(method);
        var result = run.Trainer(updates: 40).Train(Prompts(6), Prompts(6).Rows, new() { Cancellation = TestContext.Current.CancellationToken });
        Assert.Equal([0, 40], result.HeldOut.Select(p => p.Update));
        Assert.True(result.HeldOut[1].Metrics["reward"] > result.HeldOut[0].Metrics["reward"] + 0.15, $"{result.HeldOut[0].Metrics["reward"]} → {result.HeldOut[1].Metrics["reward"]}");
        Assert.Equal(-result.HeldOut[1].Loss, result.HeldOut[1].Metrics["reward"]);
        Assert.InRange(result.HeldOut[1].Metrics["reward"], result.HeldOut[1].Metrics["reward_low"], result.HeldOut[1].Metrics["reward_high"]);
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void At_the_first_update_of_a_rollout_the_ratio_is_exactly_1(string method)
    {
        using var run = Run.Of(method);
        var curve = run.Trainer(updates: 4).Train(Prompts(6)).Curve;
        Assert.All(curve, step => Assert.Equal(1, step.Metrics.GetValueOrDefault("mean_ratio", 1)));
        Assert.All(curve, step => Assert.True(step.Metrics.ContainsKey("reward")));
        if (curve[0].Metrics.TryGetValue("kl_to_reference", out var kl))
            Assert.Equal(0, kl, 1e-4);
    }

    [Fact]
    public void Later_passes_over_a_rollout_move_the_ratio()
    {
        using var run = Run.Of("grpo");
        var trainer = run.Trainer(updates: 4);
        var curve = (trainer with { Rollouts = trainer.Rollouts with { Iterations = 2 } }).Train(Prompts(6)).Curve;
        Assert.Equal([true, false, true, false], curve.Select(s => s.Metrics["mean_ratio"] == 1));
        Assert.Equal([true, false, true, false], curve.Select(s => s.Metrics.ContainsKey("reward")));
    }

    [Fact]
    public void A_sampler_that_disagrees_with_the_trainer_is_an_error_that_says_by_how_much()
    {
        using var run = Run.Of("grpo");
        var trainer = run.Trainer(updates: 1);
        var error = Assert.Throws<AlidadeException>(() => (trainer with { Rollouts = trainer.Rollouts with { SamplerTolerance = 1e-12 } }).Train(Prompts(6)));
        Assert.Matches(@"grpo: update 1: sampler and trainer disagree .* by [0-9.e-]+ nats \(mean [0-9.e-]+\)", error.Message);
    }

    [Fact]
    public void However_an_update_is_cut_into_micro_batches_it_takes_the_same_step()
    {
        foreach (var method in new[] { "grpo", "dapo", "ppo" })
        {
            var steps = new List<TrainingStep>();
            foreach (var (rows, accumulation) in new[] { (12, 1), (5, 3), (1, 12) })
            {
                using var run = Run.Of(method);
                var trainer = run.Trainer(updates: 1);
                steps.Add((trainer with { Options = trainer.Options with { BatchRows = rows, Accumulation = accumulation } }).Train(Prompts(6)).Curve[0]);
            }

            Assert.All(steps, s => Assert.Equal(steps[0].Loss, s.Loss, 1e-5));
            Assert.All(steps, s => Assert.Equal(1, s.GradientNorm / steps[0].GradientNorm, 1e-4));
        }
    }

    [Fact]
    public void Answers_without_a_score_are_left_out_with_their_group_and_counted()
    {
        using var run = Run.Of("grpo");
        var calls = 0;
        var reward = new Rule(a => calls++ % 12 == 1 ? null : Share(a.Ids));
        var result = (run.Trainer(updates: 3) with { Reward = reward }).Train(Prompts(6));
        Assert.Equal(3, result.Dropped["answers that the reward could not score"]);
        Assert.Equal(9, result.Dropped["answers whose group lost one that could not be scored"]);
        Assert.All(result.Curve, s => Assert.Equal(1, s.Metrics["unscored"]));
        var error = Assert.Throws<AlidadeException>(() => (run.Trainer(updates: 1) with { Reward = new Rule(_ => null) }).Train(Prompts(6)));
        Assert.Contains("no answer of a whole rollout could be scored: no verdict", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Groups_of_equal_reward_are_dropped_or_replaced_and_counted()
    {
        using var run = Run.Of("grpo");
        // Every second prompt's answers are all alike.
        var reward = new Rule(a => a.PromptIds[0] % 2 == 0 ? 1 : a.Ids.Sum());
        var even = Prompts(6).Rows.Count(p => p.Ids[0] % 2 == 0);
        TrainingResult With(EqualGroups how, int prompts) =>
            (run.Trainer(updates: 2) with { Reward = reward, Rollouts = run.Trainer(1).Rollouts with { EqualGroups = how, Prompts = prompts } }).Train(Prompts(6));
        var dropped = With(EqualGroups.Drop, 6);
        Assert.Equal(2 * even, dropped.Dropped["groups of answers with equal rewards"]);
        Assert.All(dropped.Curve, s => Assert.Equal(even, s.Metrics["equal_groups_dropped"]));
        var replaced = With(EqualGroups.Replace, 3);
        Assert.True(replaced.Dropped["groups of answers with equal rewards"] > 0);
        Assert.DoesNotContain("prompts missing", string.Join(' ', replaced.Dropped.Keys), StringComparison.Ordinal);
        Assert.Empty(With(EqualGroups.Keep, 6).Dropped);
    }

    [Fact]
    public void The_weight_of_the_KL_moves_towards_its_target()
    {
        using var run = Run.Of("ppo");
        var trainer = run.Trainer(updates: 6);
        var curve = (trainer with { Rollouts = trainer.Rollouts with { AdaptiveKl = new() { Target = 1e-6, Horizon = 100 } } }).Train(Prompts(6)).Curve;
        // The first rollout is the reference's own: its KL is about 0, or above the tiny target.
        Assert.True(curve[^1].Metrics["kl_weight"] > curve[1].Metrics["kl_weight"]);
    }

    [Fact]
    public void What_does_not_fit_together_is_refused_before_anything_is_sampled()
    {
        using var run = Run.Of("ppo");
        void Refused(PolicyTrainer trainer, string part) => Assert.Contains(part, Assert.Throws<AlidadeException>(() => trainer.Train(Prompts(6))).Message, StringComparison.Ordinal);
        var good = run.Trainer(updates: 1);
        Refused(good with { Critic = null }, "ppo needs a critic");
        Refused(good with { Critic = new(run.Model) }, "no scoring head");
        Refused(good with { Adapter = null, Critic = Critic.Over(run.Model, new() { Rank = 2 }, 1) }, "shares the policy's weights");
        Refused(good with { Objective = PolicyObjectives.Grpo, Rollouts = good.Rollouts with { Samples = 1 } }, "at least 2");
        Refused(good with { Rollouts = good.Rollouts with { Temperature = 0, Iterations = 0 } }, "temperature 0 (above 0); iterations 0 (at least 1)");
    }

    [Fact]
    public void Held_out_answers_are_told_and_the_best_weights_stand()
    {
        using var run = Run.Of("grpo");
        var tables = new List<(int Update, IReadOnlyList<HeldOutAnswer> Answers)>();
        var trainer = run.Trainer(updates: 6);
        var result = (trainer with { Options = trainer.Options with { EvaluateEvery = 2, Keep = FinalWeights.Best } })
            .Train(Prompts(6), Prompts(3, seed: 5).Rows, new() { OnAnswers = (update, answers) => tables.Add((update, answers)) });
        Assert.Equal([0, 2, 4, 6], tables.Select(t => t.Update));
        Assert.All(tables, t => Assert.Equal(3, t.Answers.Count));
        Assert.Equal(result.HeldOut.Select(p => p.Metrics["reward"]), tables.Select(t => t.Answers.Average(a => a.Reward!.Value)));
        Assert.Equal(result.HeldOut.MinBy(p => p.Loss)!.Update, result.BestUpdate);
    }

    [Fact]
    public void A_hundred_rollouts_leave_no_tensor_behind()
    {
        using var run = Run.Of("ppo");
        run.Trainer(updates: 2).Train(Prompts(6), Prompts(2).Rows);
        var before = LiveTensors.Settled();
        run.Trainer(updates: 100).Train(Prompts(6), Prompts(2).Rows);
        Assert.Equal(before, torch.Tensor.TotalCount);
    }

    public static TheoryData<string, bool> Stops() => new() { { "grpo", false }, { "grpo", true }, { "ppo", false }, { "ppo over one base", true }, { "lagrangian", true } };

    [Theory]
    [MemberData(nameof(Stops))]
    public void A_run_that_was_stopped_and_resumed_ends_with_the_same_bits(string method, bool killed)
    {
        var undisturbed = Whole(method, null, null, null, resume: false);
        using var folder = new TemporaryFolder();
        var path = folder.File("checkpoints");
        using var stop = new CancellationTokenSource();
        void StopAt(TrainingStep step)
        {
            if (step.Update != 5)
                return;
            if (killed)
                throw new InvalidOperationException("killed");
            stop.Cancel();
        }

        Assert.ThrowsAny<Exception>(() => Whole(method, path, StopAt, stop.Token, resume: false));
        var resumed = Whole(method, path, null, null, resume: true);
        Assert.Equal(undisturbed.Bits, resumed.Bits);
        Assert.Equal(undisturbed.Result.Curve.Select(s => (s.Loss, s.Tokens)), resumed.Result.Curve.Select(s => (s.Loss, s.Tokens)));
        Assert.Equal(undisturbed.Result.HeldOut.Select(s => s.Loss), resumed.Result.HeldOut.Select(s => s.Loss));
        Assert.Equal(undisturbed.Result.Dropped, resumed.Result.Dropped);
    }

    private static (string Bits, TrainingResult Result) Whole(string method, string? folder, Action<TrainingStep>? onStep, CancellationToken? cancellation, bool resume)
    {
        using var run = Run.Of(method);
        var trainer = run.Trainer(updates: 9);
        trainer = trainer with
        {
            Options = trainer.Options with { CheckpointEvery = 2, EvaluateEvery = 4 },
            Rollouts = trainer.Rollouts with { Iterations = 2, EqualGroups = EqualGroups.Drop, AdaptiveKl = new() { Horizon = 50 } },
        };
        var result = trainer.Train(Prompts(9), Prompts(3, seed: 5).Rows, new() { Folder = folder, Resume = resume, OnStep = onStep, Cancellation = cancellation ?? default });
        var critic = trainer.Critic is { } c ? Tiny.Bits(c.Model, c.Adapter) : "";
        return (Tiny.Bits(run.Model, run.Adapter) + critic, result);
    }

    private static TokenRows<PromptTokens> Prompts(int count, ulong seed = 21) => new(
        [.. Tiny.Demonstrations(count, seed).Rows.Select((d, i) => new PromptTokens(d.Ids, new($"{i}", Prompt.OfText("prompt"), new Dictionary<string, JsonElement>())))], new Dictionary<string, int>(), 0);

    // The share of an answer's tokens in the lower half of the vocabulary.
    private static double Share(IReadOnlyList<int> ids) => ids.Average(id => id < 14 ? 1.0 : 0);

    /// <summary>A tiny model with what a method needs.</summary>
    private sealed record Run(CausalLM Model, LoraAdapter? Adapter, PolicyObjective Objective, Critic? Critic, Critic? CostCritic, Lagrange? Lagrange, CausalLM? Other) : IDisposable
    {
        public static Run Of(string method)
        {
            var model = Tiny.Model();
            // The head is trained whole: so small a random model says nothing else through low-rank updates.
            var adapter = LoraAdapter.Create(model, "policy", new() { Rank = 2, Targets = ["q_proj", "v_proj"], SavedModules = ["lm_head"] }, seed: 5);
            var over = method is "ppo over one base" or "lagrangian";
            CausalLM? other = null;
            if (method == "ppo")
            {
                other = Tiny.Model(seed: 4);
                other.AddScoringHead(1, seed: 2);
            }

            var critic = over ? Critic.Over(model, new() { Rank = 2 }, 3) : other is not null ? new Critic(other) : null;
            var objective = method switch
            {
                "grpo" => PolicyObjectives.Grpo,
                "dapo" => PolicyObjectives.Dapo,
                "dr_grpo" => PolicyObjectives.DrGrpo(6),
                "rloo" => PolicyObjectives.Rloo,
                "remax" => PolicyObjectives.Remax,
                "reinforce_plus_plus" => PolicyObjectives.ReinforcePlusPlus,
                "reinforce_plus_plus_baseline" => PolicyObjectives.ReinforcePlusPlusBaseline,
                _ => PolicyObjectives.Ppo,
            };
            return new(model, adapter, objective, critic, method == "lagrangian" ? Critic.Over(model, new() { Rank = 2 }, 4) : null, method == "lagrangian" ? new() { Window = 16 } : null, other);
        }

        public PolicyTrainer Trainer(int updates) => new()
        {
            Model = Model,
            Adapter = Adapter,
            Objective = Objective,
            Reward = new Rule(a => Share(a.Ids)),
            Cost = Lagrange is null ? null : new Rule(a => a.Ids.Count - 4),
            Lagrange = Lagrange,
            Critic = Critic,
            CostCritic = CostCritic,
            Rollouts = new() { Prompts = 3, Samples = 4, MaxNewTokens = 6, DecodingRows = 5 },
            Options = Tiny.Options(updates) with { BatchRows = 6, Schedule = new() { LearningRate = 0.02 } },
        };

        public void Dispose()
        {
            Critic?.Adapter?.Dispose();
            CostCritic?.Adapter?.Dispose();
            Other?.Dispose();
            Adapter?.Dispose();
            Model.Dispose();
        }
    }
}
