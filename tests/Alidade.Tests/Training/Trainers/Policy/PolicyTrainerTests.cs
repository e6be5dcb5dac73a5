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

    public static TheoryData<string> Methods() => new() { "grpo", "dapo", "dr_grpo", "rloo", "remax", "reinforce_plus_plus", "reinforce_plus_plus_baseline", "ppo", "ppo over one base", "nlpo" };

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
        var kept = With(EqualGroups.Keep, 6);
        Assert.Empty(kept.Dropped);
        // The share is that of what was sampled, whatever became of the groups.
        Assert.All(kept.Curve.Concat(dropped.Curve).Where(s => s.Metrics.ContainsKey("reward")), s => Assert.Equal(even / 6.0, s.Metrics["fraction_zero_std"], 1e-6));
        Assert.All(replaced.Curve, s => Assert.Equal(
            s.Metrics["equal_groups_dropped"] / (3 + s.Metrics["equal_groups_dropped"] + s.Metrics["groups_unused"]), s.Metrics["fraction_zero_std"], 1e-6));
    }

    [Fact]
    public void Rollouts_that_nothing_is_learned_from_are_told_of_once()
    {
        using var run = Run.Of("grpo");
        var trainer = run.Trainer(updates: 3);
        void Told(string what, PolicyTrainer given)
        {
            var warnings = new List<string>();
            Assert.Equal(0, given.Train(Prompts(6), context: new() { OnWarning = warnings.Add }).Updates);
            Assert.StartsWith(what, Assert.Single(warnings), StringComparison.Ordinal);
        }

        Told("rollout 1: in all 3 groups", trainer with { Reward = new Rule(_ => 1), Rollouts = trainer.Rollouts with { EqualGroups = EqualGroups.Drop } });
        // The model has no end token.
        Told("rollout 1: all 12 answers reached the limit of 6 tokens", trainer with { Rollouts = trainer.Rollouts with { MaskTruncated = true } });
    }

    [Fact]
    public void Replacing_equal_groups_asks_for_no_more_prompts_than_there_are()
    {
        using var run = Run.Of("grpo");
        var trainer = run.Trainer(updates: 1);
        var curve = (trainer with { Reward = new Rule(a => a.Ids.Sum()), Rollouts = trainer.Rollouts with { EqualGroups = EqualGroups.Replace, Prompts = 8 } }).Train(Prompts(6)).Curve;
        Assert.Equal(0, curve[0].Metrics["groups_unused"]);
    }

    [Fact]
    public void The_difference_between_sampler_and_trainer_is_logged_with_the_first_update_of_each_rollout()
    {
        using var run = Run.Of("grpo");
        var trainer = run.Trainer(updates: 6);
        var curve = (trainer with { Rollouts = trainer.Rollouts with { Iterations = 2 } }).Train(Prompts(6)).Curve;
        Assert.Equal(curve.Select(s => s.Metrics.ContainsKey("reward")), curve.Select(s => s.Metrics.ContainsKey("sampler_max_difference")));
        Assert.All(curve.Where(s => s.Metrics.ContainsKey("reward")), s => Assert.InRange(s.Metrics["sampler_max_difference"], 0, 1e-4));
    }

    [Fact]
    public void A_sampler_that_is_corrected_for_may_differ_and_weighs_every_update_of_the_rollout()
    {
        const float Shift = 0.25f;
        IReadOnlyList<TrainingStep> Curve(float shift, ImportanceCorrection? correction)
        {
            using var run = Run.Of("grpo");
            var trainer = run.Trainer(updates: 2);
            trainer = trainer with
            {
                Objective = PolicyObjectives.Grpo with { LossKl = null, Correction = correction },
                // Weights that stay: both updates of the rollout see the policy that sampled.
                Options = trainer.Options with { Schedule = new() { LearningRate = 0 }, Accumulation = 1 },
            };
            var source = new SampledAnswers(
                Prompts(6).Rows, new(run.Model, run.Adapter, trainer.Rollouts), new(trainer.Reward, null), greedy: false, trainer.Options, new());
            return trainer.Run(new OtherSampler(source, shift), new(), null, [], 6, new Dictionary<string, int>()).Curve;
        }

        var plain = Curve(0, null);
        var corrected = Curve(-Shift, new());
        Assert.Equal(2, plain.Count);
        Assert.All(plain.Zip(corrected), p => Assert.Equal(Math.Exp(Shift), p.Second.GradientNorm / p.First.GradientNorm, 1e-4));
        Assert.Equal(Shift, corrected[0].Metrics["sampler_max_difference"], 1e-4);
        Assert.Contains("disagree", Assert.Throws<AlidadeException>(() => Curve(-Shift, null)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_weight_of_the_KL_is_the_losss_where_it_has_one_and_else_the_rewards()
    {
        using var run = Run.Of("rloo");
        double Weight(PolicyObjective objective) => (run.Trainer(updates: 1) with { Objective = objective }).Train(Prompts(6)).Curve[0].Metrics["kl_weight"];
        Assert.Equal(0.05, Weight(PolicyObjectives.Rloo with { LossKl = new() { Beta = 0 } }));
        Assert.Equal(0.3, Weight(PolicyObjectives.Rloo with { LossKl = new() { Beta = 0.3 }, RewardKl = new() { Beta = 0 } }));
    }

    [Fact]
    public void A_run_that_ran_out_of_patience_says_so_and_one_that_lost_answers_does_not()
    {
        using var run = Run.Of("grpo");
        var trainer = run.Trainer(updates: 8);
        trainer = trainer with { Options = trainer.Options with { EvaluateEvery = 1, Patience = 2, Schedule = new() { LearningRate = 0 } } };
        var stopped = trainer.Train(Prompts(6), Prompts(3, seed: 5).Rows);
        Assert.True(stopped.StoppedEarly);
        Assert.Equal(2, stopped.Updates);
        var lost = (trainer with { Reward = new Rule(_ => 1), Rollouts = trainer.Rollouts with { EqualGroups = EqualGroups.Drop } }).Train(Prompts(6), Prompts(3, seed: 5).Rows);
        Assert.Equal(0, lost.Updates);
        Assert.False(lost.StoppedEarly);
    }

    [Fact]
    public void The_line_of_an_update_shows_reward_KL_speed_and_memory()
    {
        using var run = Run.Of("rloo");
        var lines = new List<string>();
        run.Trainer(updates: 2).Train(Prompts(6), context: new() { Progress = new Lines(p => lines.Add($"{p}")) });
        var last = lines.Last(l => l.Contains("tokens/s", StringComparison.Ordinal));
        Assert.Matches("loss .* reward .* KL .* entropy .* tokens/s .* GB", last);
    }

    [Fact]
    public void Activations_that_are_recomputed_give_the_same_bits_also_where_the_critic_shares_the_base()
    {
        string Bits(bool recomputed)
        {
            using var run = Run.Of("ppo over one base");
            var trainer = run.Trainer(updates: 3);
            (trainer with { Options = trainer.Options with { RecomputeActivations = recomputed } }).Train(Prompts(6));
            Assert.Equal(KeptActivations.All, run.Model.KeptActivations);
            return Tiny.Bits(run.Model, run.Adapter) + Tiny.Bits(run.Model, run.Critic!.Adapter);
        }

        Assert.Equal(Bits(false), Bits(true));
    }

    [Fact]
    public void An_answer_has_ended_when_its_last_token_is_an_end_token()
    {
        using var tiny = Tiny.Model();
        using var model = CausalLM.Create(tiny.Config with { EndOfText = [1, 2, 3, 4, 5, 6, 7, 8] }, tokenizer: null, chatTemplate: null, seed: 3);
        var answers = new PolicySampler(model, null, new() { MaxNewTokens = 3 }).Sample(Prompts(8).Rows, 4, seed: 1, cancellation: TestContext.Current.CancellationToken);
        Assert.All(answers, a => Assert.Equal(model.EndTokens.Contains(a.Ids[^1]), a.Ended));
        Assert.All(answers, a => Assert.Equal(a.Ids.Count, a.LogProbs.Count));
        Assert.Contains(answers, a => a.Ended);
        Assert.Contains(answers, a => !a.Ended);
        Assert.All(new PolicySampler(model, null, new() { MaxNewTokens = 3 }).Greedy(Prompts(2).Rows, cancellation: TestContext.Current.CancellationToken), a => Assert.Empty(a.LogProbs));
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
        Refused(good with { Objective = PolicyObjectives.Rloo with { LossKl = new() } }, "rloo has a KL in the loss (beta 0.04) and another in the reward (beta 0.05)");
        Refused(good with { Objective = PolicyObjectives.Nlpo with { LossKl = new(), RewardKl = null } }, "nlpo has a KL in the loss (beta 0.04) and a mask of tokens");
        Refused(good with { Objective = PolicyObjectives.Dapo, Rollouts = good.Rollouts with { AdaptiveKl = new() } }, "no KL whose weight could be adapted");
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

    public static TheoryData<string, bool> Stops() => new() { { "grpo", false }, { "grpo", true }, { "ppo", false }, { "ppo over one base", true }, { "lagrangian", true }, { "nlpo", false }, { "nlpo", true } };

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

    /// <summary>Answers of a source whose sampler reports other log-probabilities.</summary>
    private sealed class OtherSampler(IAnswerSource source, float shift) : IAnswerSource
    {
        public int Rollouts => source.Rollouts;

        public int Updates => source.Updates;

        public Answers Next(PolicyState state)
        {
            using var own = source.Next(state);
            return new(own.Prompts, [.. own.Rows.Select(r => r with { LogProbs = [.. r.LogProbs.Select(l => l + shift)] })], own.Samples, own.Scores) { Counts = own.Counts };
        }

        public IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration) => source.Pass(answers, rollout, iteration);
    }

    private sealed class Lines(Action<Progress> tell) : IProgress<Progress>
    {
        public void Report(Progress value) => tell(value);
    }

    /// <summary>A tiny model with what a method needs.</summary>
    private sealed record Run(CausalLM Model, LoraAdapter? Adapter, PolicyObjective Objective, Critic? Critic, Critic? CostCritic, Lagrange? Lagrange, CausalLM? Other) : IDisposable
    {
        public static Run Of(string method)
        {
            var model = Tiny.Model();
            // The head is trained whole: so small a random model says nothing else through low-rank updates.
            var adapter = LoraAdapter.Create(model, "policy", new() { Rank = 2, Targets = ["q_proj", "v_proj"], SavedModules = ["lm_head"] }, seed: 5);
            var over = method is "ppo over one base" or "lagrangian" or "nlpo";
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
                "nlpo" => PolicyObjectives.Nlpo with { Mask = new() { Allowed = new TopKTokens { K = 12 }, RefreshEvery = 3 } },
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
