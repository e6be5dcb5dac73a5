using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Data;
using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Data;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using Alidade.Training.Objectives.Reinforcement.Aggregations;
using Alidade.Training.Objectives.Reinforcement.Ratios;
using Alidade.Training.Rewards;
using Alidade.Training.Trainers;
using Alidade.Training.Trainers.Policy;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

/// <summary>Whole runs of the reference's GRPO, RLOO and PPO trainers, update by update, from the recorded answers; nothing is sampled.</summary>
[Golden("trainers/traces/grpo_*")]
[Golden("trainers/traces/rloo*")]
[Golden("trainers/traces/ppo*")]
public sealed class PolicyTraceGoldenTests
{
    private const string Kind = "trainers/traces";

    private static readonly Dictionary<string, string> OurNames = new(StringComparer.Ordinal)
    {
        ["entropy"] = "entropy",
        ["reward"] = "reward",
        ["reward_std"] = "reward_deviation",
        ["frac_reward_zero_std"] = "fraction_zero_std",
        ["completions/mean_length"] = "answer_tokens",
        ["completions/min_length"] = "shortest_answer",
        ["completions/max_length"] = "longest_answer",
        ["clip_ratio/low_mean"] = "clip_low",
        ["clip_ratio/high_mean"] = "clip_high",
        ["clip_ratio/region_mean"] = "clip_region",
    };

    public static IEnumerable<TheoryDataRow<string>> Traces() => GoldenFolder.Rows(() => GoldenFolder.FoldersWith(Kind, "trace.json").Where(IsPolicy));

    /// <summary>Whether a trace is of a trainer that samples.</summary>
    internal static bool IsPolicy(string path) => TrainerOf(path) is "GRPOTrainer" or "RLOOTrainer" or "PPOTrainer";

    [Theory(SkipTestWithoutData = true)]
    [MemberData(nameof(Traces))]
    [Trait("Kind", "Golden")]
    public void A_policy_training_run_equals_the_reference_update_by_update(string path) => GoldenCase.Run(Kind, path, golden =>
    {
        var trace = TraceGoldenTests.Read(path + "/trace.json");
        var tolerance = TraceGoldenTests.Read("trainers/index.json").EnumerateArray().Single(t => t.GetProperty("name").GetString() == path.Split('/')[^1]).GetProperty("tolerance");
        using var thread = new OneThread();
        using var model = CausalLM.Load(GoldenFolder.PathOf("trainers/base/" + trace.GetProperty("base").GetString()));
        using var value = IsPpo(trace) ? CausalLM.Load(GoldenFolder.PathOf("trainers/base/reward")) : null;
        using var reward = IsPpo(trace) ? CausalLM.Load(GoldenFolder.PathOf("trainers/base/reward")) : null;
        var critic = value is null ? null : new Critic(value);
        var trained = model.Parameters.Select(p => ((IsPpo(trace) ? "policy." : "") + p.Key, p.Value))
            .Concat(value?.Parameters.Select(p => ("value_model." + p.Key, p.Value)) ?? []).ToDictionary(p => p.Item1, p => p.Value);
        using var before = TraceGoldenTests.Copies.Of(trained);
        TraceGoldenTests.Copies? early = null;

        RecordedAnswers source = IsPpo(trace) ? new RecordedPpo(trace, golden, reward!) : new RecordedGroups(trace);
        var context = new TrainingContext
        {
            OnStep = step => early = step.Update == trace.GetProperty("early_step").GetInt32() ? TraceGoldenTests.Copies.Of(trained) : early,
        };
        var (objective, rollouts) = IsPpo(trace) ? PpoOf(trace) : GroupsOf(trace);
        var result = new PolicyTrainer
        {
            Model = model,
            Objective = objective,
            Reward = null!,
            Critic = critic,
            Rollouts = rollouts,
            Options = TraceGoldenTests.Options(trace.GetProperty("options")) with { MaxUpdates = source.Updates, MaxGradientNorm = IsPpo(trace) ? 0 : Number(trace, "max_grad_norm") },
        }.Run(source, context, null, [], source.Rollouts, new Dictionary<string, int>());

        if (IsPpo(trace))
            CompareUpdates(golden, trace, tolerance, result, rollouts.Iterations);
        else
            CompareSteps(golden, trace, tolerance, result);
        TraceGoldenTests.CompareWeights(golden, path + "/early.safetensors", "early", early, before, tolerance);
        using (early)
        using (var after = TraceGoldenTests.Copies.Of(trained))
        {
            TraceGoldenTests.CompareWeights(golden, path + "/final.safetensors", "final", after, before, tolerance);
            foreach (var tensor in trace.GetProperty("final").GetProperty("tensors").EnumerateObject())
            {
                var wanted = tensor.Value.GetProperty("l2").GetDouble();
                golden.Close($"norm of {tensor.Name}", 1, after.Values[tensor.Name].to(ScalarType.Float64).norm().item<double>() / wanted, tolerance.GetProperty("tensor_l2").GetDouble());
            }
        }
    });

    private static (PolicyObjective, RolloutOptions) GroupsOf(JsonElement trace)
    {
        var isGroupRelative = trace.GetProperty("trainer").GetString() == "GRPOTrainer";
        var kind = isGroupRelative ? Word(trace, "loss_type") : "rloo";
        double epsilon = Number(trace, "epsilon"), high = OptionalNumber(trace, "epsilon_high") ?? epsilon, beta = Number(trace, "beta");
        IRatioLoss loss = kind switch
        {
            "cispo" => new Cispo { High = high },
            "sapo" => new Sapo { TauPositive = Number(trace, "sapo_temperature_pos"), TauNegative = Number(trace, "sapo_temperature_neg") },
            _ => new ClippedRatio
            {
                EpsilonLow = epsilon,
                EpsilonHigh = high,
                RatioCap = OptionalNumber(trace, "delta"),
                Level = kind == "rloo" ? RatioLevel.SequenceProduct : Word(trace, "importance_sampling_level") == "sequence" ? RatioLevel.SequenceMean : RatioLevel.Token,
            },
        };
        var most = (int)Number(trace, "max_completion_length");
        ILossAggregation aggregation = kind switch
        {
            "grpo" or "sapo" or "rloo" => new SequenceMean(),
            "dr_grpo" => new ConstantLength { Tokens = most },
            _ => new TokenMean(),
        };
        return (new PolicyObjective
        {
            Name = kind,
            Advantage = isGroupRelative
                ? new GroupRelative { Scale = Word(trace, "scale_rewards") switch { "group" => GroupScale.Group, "batch" => GroupScale.Batch, _ => GroupScale.None } }
                : new LeaveOneOut { Normalise = Flag(trace, "normalize_advantages") },
            Loss = loss,
            Aggregation = aggregation,
            LossKl = isGroupRelative && beta > 0 ? new() { Beta = beta, TimesRatio = Flag(trace, "use_bias_correction_kl") } : null,
            RewardKl = !isGroupRelative && beta > 0 ? new() { Beta = beta } : null,
        }, new RolloutOptions
        {
            Samples = (int)Number(trace, "num_generations"),
            MaxNewTokens = most,
            Temperature = Number(trace, "temperature"),
            Iterations = (int)Number(trace, "num_iterations"),
            NormaliserScope = kind is "dapo" or "cispo" ? NormaliserScope.Rollout : NormaliserScope.Update,
            MaskTruncated = Flag(trace, "mask_truncated_completions"),
        });
    }

    private static (PolicyObjective, RolloutOptions) PpoOf(JsonElement trace) => (PolicyObjectives.Ppo with
    {
        Advantage = new GeneralisedAdvantage { Gamma = Number(trace, "gamma"), Lambda = Number(trace, "lam") },
        Loss = new ClippedRatio { EpsilonLow = Number(trace, "cliprange"), EpsilonHigh = Number(trace, "cliprange") },
        RewardKl = new()
        {
            Beta = Number(trace, "kl_coef"),
            Estimator = Word(trace, "kl_estimator") == "k3" ? KlEstimator.K3 : KlEstimator.K1,
            MissingEndPenalty = OptionalNumber(trace, "missing_eos_penalty") ?? 0,
        },
        Critic = new() { Clip = Number(trace, "cliprange_value"), Weight = Number(trace, "vf_coef") },
    }, new RolloutOptions
    {
        Samples = 1,
        MaxNewTokens = (int)Number(trace, "response_length"),
        // As the reference computes it.
        Temperature = Number(trace, "temperature") + 1e-7,
        Iterations = (int)Number(trace, "num_ppo_epochs"),
        NormaliserScope = NormaliserScope.MicroBatch,
        ScorePosition = ScorePosition.AfterLastToken,
        WhitenRewards = Flag(trace, "whiten_rewards"),
        RateStep = RateStep.Rollout,
    });

    private static void CompareSteps(GoldenCase golden, JsonElement trace, JsonElement tolerance, TrainingResult result)
    {
        var steps = trace.GetProperty("steps").EnumerateArray().ToArray();
        golden.Equal("updates", steps.Length, result.Curve.Count);
        foreach (var (want, got) in steps.Zip(result.Curve))
        {
            golden.Close($"update {got.Update}, learning rate", want.GetProperty("learning_rate").GetDouble(), got.LearningRate, 1e-15);
            Relative(golden, tolerance, got, "loss", want.GetProperty("loss").GetDouble(), got.Loss, 1, "loss");
            Relative(golden, tolerance, got, "gradient norm", want.GetProperty("grad_norm").GetDouble(), got.GradientNorm, 1e-12, "grad_norm");
            foreach (var metric in want.GetProperty("logged").EnumerateObject())
            {
                var name = metric.Name == "kl" && got.Metrics.ContainsKey("kl") ? "kl" : OurNames.GetValueOrDefault(metric.Name);
                // RLOO's is logged for each token there, for each answer here.
                if (metric.Name == "kl" && name is null)
                    Relative(golden, tolerance, got, metric.Name, metric.Value.GetDouble(), got.Metrics["kl_to_reference"] / got.Metrics["answer_tokens"], 1, "metrics");
                else if (metric.Name == "num_tokens")
                    Relative(golden, tolerance, got, metric.Name, metric.Value.GetDouble(), got.Tokens, 1, "metrics");
                else if (metric.Name == "completions/clipped_ratio")
                    Relative(golden, tolerance, got, metric.Name, metric.Value.GetDouble(), 1 - got.Metrics["ended"], 1, "metrics");
                else if (name is not null && got.Metrics.TryGetValue(name, out var value))
                    Relative(golden, tolerance, got, metric.Name, metric.Value.GetDouble(), value, 1, "metrics");
            }
        }
    }

    // The reference logs the numbers of all epochs of a rollout as one mean.
    private static void CompareUpdates(GoldenCase golden, JsonElement trace, JsonElement tolerance, TrainingResult result, int epochs)
    {
        var curve = new Queue<TrainingStep>(result.Curve);
        foreach (var update in trace.GetProperty("updates").EnumerateArray())
        {
            var own = new List<TrainingStep>();
            var losses = new List<double>();
            foreach (var micro in update.GetProperty("micro").EnumerateArray())
            {
                losses.Add(micro.GetProperty("loss").GetDouble());
                if (!micro.TryGetProperty("grad_norm", out var norm))
                    continue;
                var got = curve.Dequeue();
                own.Add(got);
                golden.Close($"update {got.Update}, learning rate", micro.GetProperty("learning_rate").GetDouble(), got.LearningRate, 1e-15);
                Relative(golden, tolerance, got, "loss", losses.Average(), got.Loss, 1, "loss");
                Relative(golden, tolerance, got, "gradient norm", norm.GetDouble(), got.GradientNorm, 1e-12, "grad_norm");
                losses.Clear();
            }

            golden.Equal("epochs", epochs, own.Count);
            var logged = update.GetProperty("logged");
            void Mean(string theirs, string ours) =>
                Relative(golden, tolerance, own[0], theirs, logged.GetProperty(theirs).GetDouble(), own.Average(s => s.Metrics[ours]), 1, "metrics");
            Mean("loss/policy_avg", "policy_loss");
            Mean("loss/value_avg", "value_loss");
            Mean("policy/clipfrac_avg", "clip_fraction");
            Mean("val/clipfrac_avg", "value_clip_fraction");
            if (Word(trace, "kl_estimator") == "k1")
                Relative(golden, tolerance, own[0], "objective/kl", logged.GetProperty("objective/kl").GetDouble(), own[0].Metrics["kl_to_reference"], 1, "metrics");
        }

        golden.Equal("updates left over", 0, curve.Count);
    }

    private static void Relative(GoldenCase golden, JsonElement tolerance, TrainingStep step, string name, double expected, double actual, double floor, string kind)
    {
        var scale = Math.Max(floor, Math.Abs(expected));
        golden.Close($"update {step.Update}, {name}", expected / scale, actual / scale, tolerance.GetProperty(kind).GetDouble());
    }

    private static bool IsPpo(JsonElement trace) => trace.GetProperty("trainer").GetString() == "PPOTrainer";

    private static JsonElement Option(JsonElement trace, string name) => trace.GetProperty("options").GetProperty(name);

    private static double Number(JsonElement trace, string name) => Option(trace, name).GetDouble();

    private static double? OptionalNumber(JsonElement trace, string name) =>
        trace.GetProperty("options").TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetDouble() : null;

    private static bool Flag(JsonElement trace, string name) => trace.GetProperty("options").TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;

    private static string Word(JsonElement trace, string name) => Option(trace, name).GetString()!;

    private static string? TrainerOf(string path)
    {
        var reader = new Utf8JsonReader(File.ReadAllBytes(GoldenFolder.PathOf(path + "/trace.json")));
        while (reader.Read())
            if (reader.TokenType == JsonTokenType.PropertyName && reader.ValueTextEquals("trainer") && reader.Read())
                return reader.GetString();
        return null;
    }

    private static int[] Ints(JsonElement row) => [.. row.EnumerateArray().Select(v => v.GetInt32())];

    private static PromptTokens PromptOf(int[] ids) => new(ids, new("recorded", Prompt.OfText(""), new Dictionary<string, JsonElement>()));

    private static AnsweredPrompt AnswerOf(int[] prompt, int[] ids, bool ended) => new(PromptOf(prompt).Source, "", prompt, ids, ended);

    /// <summary>Answers of a recorded run.</summary>
    private abstract class RecordedAnswers(JsonElement trace) : IAnswerSource
    {
        protected JsonElement Trace => trace;

        public abstract int Rollouts { get; }

        public abstract int Updates { get; }

        public abstract Answers Next(PolicyState state);

        public abstract IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration);

        protected int Size => (int)Number(trace, "per_device_train_batch_size");

        protected int Accumulation => (int)Number(trace, "gradient_accumulation_steps");
    }

    /// <summary>GRPO and RLOO: some answers to each prompt, shuffled once and cut into slices.</summary>
    private sealed class RecordedGroups(JsonElement trace) : RecordedAnswers(trace)
    {
        public override int Rollouts => Trace.GetProperty("generations").GetArrayLength();

        public override int Updates => Trace.GetProperty("steps").GetArrayLength();

        public override Answers Next(PolicyState state)
        {
            var generation = Trace.GetProperty("generations")[state.Count(PolicyNumber.Rollouts)];
            state[PolicyNumber.Rollouts]++;
            int[][] prompts = [.. Rows(generation, "prompt_ids", "prompt_mask")], answers = [.. generation.GetProperty("completion_ids").EnumerateArray().Select(Ints)];
            int[] lengths = [.. generation.GetProperty("completion_mask").EnumerateArray().Select(m => Ints(m).Sum())];
            var end = Trace.GetProperty("eos_token_id").GetInt32();
            // A truncated answer that is not learned from has an empty mask there.
            var samples = (int)Number(Trace, "num_generations");
            AnsweredPrompt[] rows = [.. answers.Select((ids, i) => lengths[i] == 0 ? ids : ids[..lengths[i]]).Select((ids, i) => AnswerOf(prompts[i], ids, ids[^1] == end))];
            var scores = generation.GetProperty("rewards_per_func").EnumerateArray().Select(r => r.EnumerateArray().Select(v => (float)v.GetDouble()).Sum());
            if (Trace.GetProperty("options").TryGetProperty("reward_clip_range", out var range) && range.ValueKind == JsonValueKind.Array)
                scores = scores.Select(s => Math.Clamp(s, (float)range[0].GetDouble(), (float)range[1].GetDouble()));
            return new([.. prompts.Chunk(samples).Select(p => PromptOf(p[0]))], rows, samples, [.. scores]) { Learned = [.. lengths.Select(l => l > 0)] };
        }

        public override IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration)
        {
            var order = Ints(Trace.GetProperty("generations")[rollout].GetProperty("shuffle"));
            return [.. order.Chunk(order.Length / (int)Number(Trace, "steps_per_generation")).Chunk(Accumulation)];
        }

        private static IEnumerable<int[]> Rows(JsonElement generation, string ids, string mask) =>
            generation.GetProperty(ids).EnumerateArray().Zip(generation.GetProperty(mask).EnumerateArray(), (row, counts) => Ints(row).Where((_, i) => counts[i].GetInt32() == 1).ToArray());
    }

    /// <summary>PPO: one answer to each prompt, scored by the reward model, a new order in every epoch.</summary>
    private sealed class RecordedPpo(JsonElement trace, GoldenCase golden, CausalLM reward) : RecordedAnswers(trace)
    {
        public override int Rollouts => Trace.GetProperty("updates").GetArrayLength();

        public override int Updates => Trace.GetProperty("updates").EnumerateArray().Sum(u => u.GetProperty("micro").EnumerateArray().Count(m => m.TryGetProperty("grad_norm", out _)));

        public override Answers Next(PolicyState state)
        {
            var update = Trace.GetProperty("updates")[state.Count(PolicyNumber.Rollouts)];
            state[PolicyNumber.Rollouts]++;
            int pad = Trace.GetProperty("pad_token_id").GetInt32(), end = Trace.GetProperty("eos_token_id").GetInt32();
            int[][] prompts = [.. update.GetProperty("queries").EnumerateArray().Select(q => Ints(q).SkipWhile(id => id == pad).ToArray())];
            AnsweredPrompt[] rows = [.. update.GetProperty("responses").EnumerateArray().Select((r, i) =>
            {
                var ids = Ints(r);
                var at = Array.IndexOf(ids, end);
                return AnswerOf(prompts[i], at < 0 ? ids : ids[..(at + 1)], at >= 0);
            })];
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var scores = reward.Scores(BranchedBatch.OfTexts(prompts.Zip(rows, (p, r) => (IReadOnlyList<int>)[.. p, .. r.Ids]))).squeeze(1).data<float>().ToArray();
            golden.Close("scores of the reward model", [.. update.GetProperty("scores").EnumerateArray().Select(s => s.GetDouble())], [.. scores.Select(s => (double)s)], 1e-4);
            return new([.. prompts.Select(PromptOf)], rows, 1, scores);
        }

        public override IReadOnlyList<IReadOnlyList<int[]>> Pass(Answers answers, int rollout, int iteration) =>
            [.. Ints(Trace.GetProperty("updates")[rollout].GetProperty("permutations")[iteration]).Chunk(Size).Chunk(Accumulation)];
    }
}
