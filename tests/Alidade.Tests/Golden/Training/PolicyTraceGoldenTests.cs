using System.Text.Json;
using Alidade.Models;
using Alidade.Tests.Training.Trainers;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using Alidade.Training.Objectives.Reinforcement.Aggregations;
using Alidade.Training.Objectives.Reinforcement.Ratios;
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

    /// <summary>What GRPO and RLOO log of a step, in Alidade's numbers.</summary>
    private static readonly Dictionary<string, Func<TrainingStep, double>> Logged = new(StringComparer.Ordinal)
    {
        ["num_tokens"] = step => step.Tokens,
        ["entropy"] = Of("entropy"),
        ["reward"] = Of("reward"),
        ["reward_std"] = Of("reward_deviation"),
        ["frac_reward_zero_std"] = Of("fraction_zero_std"),
        ["completions/mean_length"] = Of("answer_tokens"),
        ["completions/min_length"] = Of("shortest_answer"),
        ["completions/max_length"] = Of("longest_answer"),
        ["completions/clipped_ratio"] = step => 1 - step.Metrics["ended"],
        // RLOO's is logged for each token there, for each answer here.
        ["kl"] = step => step.Metrics.TryGetValue("kl", out var kl) ? kl : step.Metrics["kl_to_reference"] / step.Metrics["answer_tokens"],
        ["clip_ratio/low_mean"] = Of("clip_low"),
        ["clip_ratio/high_mean"] = Of("clip_high"),
        ["clip_ratio/region_mean"] = Of("clip_region"),
        ["cispo_clip_ratio"] = Of("clip_ratio"),
    };

    /// <summary>What PPO logs of a rollout, in the numbers of its updates; null where a trace's options make them two things.</summary>
    private static readonly Dictionary<string, Func<JsonElement, JsonElement, IReadOnlyList<TrainingStep>, double?>> LoggedOfRollout = new(StringComparer.Ordinal)
    {
        ["loss/policy_avg"] = MeanOf("policy_loss"),
        ["loss/value_avg"] = MeanOf("value_loss"),
        ["policy/clipfrac_avg"] = MeanOf("clip_fraction"),
        ["val/clipfrac_avg"] = MeanOf("value_clip_fraction"),
        ["objective/kl"] = (trace, _, own) => KlOf(trace, own),
        ["objective/non_score_reward"] = (trace, _, own) => -Number(trace, "kl_coef") * KlOf(trace, own),
        ["objective/rlhf_reward"] = (trace, _, own) => ScoreOf(trace, own) - (Number(trace, "kl_coef") * KlOf(trace, own)),
        ["objective/scores"] = (trace, _, own) => ScoreOf(trace, own),
        ["val/num_eos_tokens"] = (_, update, own) => own[0].Metrics["ended"] * update.GetProperty("responses").GetArrayLength(),
    };

    /// <summary>What is logged there and not here, and why.</summary>
    private static readonly Dictionary<string, string> NotLogged = new(StringComparer.Ordinal)
    {
        ["completions/mean_terminated_length"] = "lengths are logged of all answers, and the share of those that ended",
        ["completions/min_terminated_length"] = "the same",
        ["completions/max_terminated_length"] = "the same",
        ["clip_ratio/low_min"] = "clipping is logged as its mean, not as the least of an answer",
        ["clip_ratio/high_max"] = "the same, the most of an answer",
        ["rewards/reward_ids/mean"] = "the recorded answers are handed over with the sum of their rewards, which is compared",
        ["rewards/reward_ids/std"] = "the same",
        ["rewards/reward_text/mean"] = "the same",
        ["rewards/reward_text/std"] = "the same",
        ["rewards/reward_coarse/mean"] = "the same",
        ["rewards/reward_coarse/std"] = "the same",
        ["objective/entropy"] = "the surprise of sampled answers is compared token by token, with the recorded log-probabilities",
        ["policy/approxkl_avg"] = "a mean over padding too; Alidade's is over tokens",
        ["policy/entropy_avg"] = "the same",
        ["val/ratio"] = "the same",
        ["val/ratio_var"] = "the same",
        ["lr"] = "the rate of each of the rollout's updates is compared",
        ["episode"] = "counts the recorded answers, which are replayed",
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
        var check = TraceGoldenTests.Read(path + "/check.json");
        using var thread = new OneThread();
        using var model = CausalLM.Load(GoldenFolder.PathOf("trainers/base/" + trace.GetProperty("base").GetString()));
        using var value = IsPpo(trace) ? CausalLM.Load(GoldenFolder.PathOf("trainers/base/reward")) : null;
        using var reward = IsPpo(trace) ? CausalLM.Load(GoldenFolder.PathOf("trainers/base/reward")) : null;
        var critic = value is null ? null : new Critic(value);
        var trained = model.Parameters.Select(p => ((IsPpo(trace) ? "policy." : "") + p.Key, p.Value))
            .Concat(value?.Parameters.Select(p => ("value_model." + p.Key, p.Value)) ?? []).ToDictionary(p => p.Item1, p => p.Value);
        using var before = TraceGoldenTests.Copies.Of(trained);
        TraceGoldenTests.Copies? early = null;

        RecordedAnswers source = IsPpo(trace) ? new RecordedPpo(trace, golden, check, tolerance.GetProperty("loss").GetDouble(), reward!) : new RecordedGroups(trace, golden, check);
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
            foreach (var metric in want.GetProperty("logged").EnumerateObject().Where(m => !NotLogged.ContainsKey(m.Name)))
                Relative(golden, tolerance, got, metric.Name, metric.Value.GetDouble(), Known(Logged, metric.Name)(got), 1, "metrics");
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
            foreach (var metric in update.GetProperty("logged").EnumerateObject().Where(m => !NotLogged.ContainsKey(m.Name)))
                if (Known(LoggedOfRollout, metric.Name)(trace, update, own) is { } actual)
                    Relative(golden, tolerance, own[0], metric.Name, metric.Value.GetDouble(), actual, 1, "metrics");
        }

        golden.Equal("updates left over", 0, curve.Count);
    }

    // Alidade logs the KL itself (k1) whatever estimates it in the reward.
    private static double? KlOf(JsonElement trace, IReadOnlyList<TrainingStep> own) => Word(trace, "kl_estimator") == "k1" ? own[0].Metrics["kl_to_reference"] : null;

    // With the penalty for a missing end, which Alidade logs apart.
    private static double ScoreOf(JsonElement trace, IReadOnlyList<TrainingStep> own) =>
        own[0].Metrics["reward"] - ((OptionalNumber(trace, "missing_eos_penalty") ?? 0) * (1 - own[0].Metrics["ended"]));

    private static T Known<T>(Dictionary<string, T> names, string metric) =>
        names.TryGetValue(metric, out var value) ? value : throw new InvalidOperationException($"the trace logs '{metric}', which is neither compared nor listed as not logged");

    private static Func<TrainingStep, double> Of(string name) => step => step.Metrics[name];

    private static Func<JsonElement, JsonElement, IReadOnlyList<TrainingStep>, double?> MeanOf(string name) => (_, _, own) => own.Average(s => s.Metrics[name]);

    private static void Relative(GoldenCase golden, JsonElement tolerance, TrainingStep step, string name, double expected, double actual, double floor, string kind)
    {
        var scale = Math.Max(floor, Math.Abs(expected));
        golden.Close($"update {step.Update}, {name}", expected / scale, actual / scale, tolerance.GetProperty(kind).GetDouble());
    }

    private static bool IsPpo(JsonElement trace) => trace.GetProperty("trainer").GetString() == "PPOTrainer";

    private static JsonElement Option(JsonElement trace, string name) => trace.GetProperty("options").GetProperty(name);

    internal static double Number(JsonElement trace, string name) => Option(trace, name).GetDouble();

    internal static double? OptionalNumber(JsonElement trace, string name) =>
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
}
