using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using Alidade.Training.Objectives.Reinforcement.Aggregations;
using Alidade.Training.Objectives.Reinforcement.Ratios;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

[Golden("objectives/reinforcement/a_lol.json")]
[Golden("objectives/reinforcement/cispo.json")]
[Golden("objectives/reinforcement/clip_cov.json")]
[Golden("objectives/reinforcement/dapo_rules.json")]
[Golden("objectives/reinforcement/entropy.json")]
[Golden("objectives/reinforcement/f_dpg.json")]
[Golden("objectives/reinforcement/gae.json")]
[Golden("objectives/reinforcement/gmpo.json")]
[Golden("objectives/reinforcement/gpg.json")]
[Golden("objectives/reinforcement/group_baselines.json")]
[Golden("objectives/reinforcement/grpo.json")]
[Golden("objectives/reinforcement/grpo_advantages.json")]
[Golden("objectives/reinforcement/gspo.json")]
[Golden("objectives/reinforcement/high_entropy_mask.json")]
[Golden("objectives/reinforcement/importance_correction.json")]
[Golden("objectives/reinforcement/kl_controller.json")]
[Golden("objectives/reinforcement/kl_cov.json")]
[Golden("objectives/reinforcement/kl_estimators.json")]
[Golden("objectives/reinforcement/kl_full.json")]
[Golden("objectives/reinforcement/nlpo.json")]
[Golden("objectives/reinforcement/ppo_lagrangian.json")]
[Golden("objectives/reinforcement/ppo_policy.json")]
[Golden("objectives/reinforcement/return_to_go.json")]
[Golden("objectives/reinforcement/reward_placement.json")]
[Golden("objectives/reinforcement/rloo.json")]
[Golden("objectives/reinforcement/sapo.json")]
[Golden("objectives/reinforcement/value_loss.json")]
[Golden("objectives/reinforcement/vespo.json")]
[Golden("objectives/reinforcement/whitening.json")]
public sealed partial class ObjectiveGoldenTests
{
    private static Dictionary<string, Func<ObjectiveCase, Objective>> Reinforcement() => new(StringComparer.Ordinal)
    {
        ["reinforcement/grpo"] = PolicyCase,
        ["reinforcement/gspo"] = PolicyCase,
        ["reinforcement/gpg"] = PolicyCase,
        ["reinforcement/cispo"] = PolicyCase,
        ["reinforcement/sapo"] = PolicyCase,
        ["reinforcement/gmpo"] = c => OfRows(
            PolicyObjectives.Gmpo with { Loss = new Gmpo { EpsilonLow = c.Number("epsilon_low"), EpsilonHigh = c.Number("epsilon_high") } }, c),
        ["reinforcement/vespo"] = c => EvaluatePolicy(PolicyObjectives.Vespo with
        {
            Loss = new Vespo
            {
                PowerPositive = c.Number("k_positive"),
                DecayPositive = c.Number("lambda_positive"),
                PowerNegative = c.Number("k_negative"),
                DecayNegative = c.Number("lambda_negative"),
            },
        }, c),
        ["reinforcement/kl_cov"] = c => EvaluatePolicy(PolicyObjectives.KlCov with { Loss = new KlCov { Share = c.Number("ratio"), Coefficient = c.Number("coefficient") } }, c),
        ["reinforcement/clip_cov"] = c =>
        {
            var loss = new ClipCov
            {
                EpsilonLow = c.Number("epsilon_low"),
                EpsilonHigh = c.Number("epsilon_high"),
                CovarianceLow = c.Number("cov_low"),
                CovarianceHigh = c.Number("cov_high"),
            };
            var tokens = PolicyTokens.Of(c.Real("logps"), c.Real("old_logps"), c.Whole("mask"));
            var part = loss.Evaluate(tokens, c.Real("advantages"), c.Whole("dropped"));
            var (covariance, eligible) = loss.Eligible(tokens, c.Real("advantages"));
            return new(Masked.Mean(part.Values, tokens.Mask), part.Values) { Outputs = new Dictionary<string, Tensor> { ["covariance"] = covariance, ["eligible"] = eligible } };
        },
        ["reinforcement/entropy"] = c =>
        {
            Tensor mask = c.Whole("mask"), entropy = Masked.Keep(TokenDistributions.Entropy(c.Real("logits"), c.Number("temperature", 1)), mask), flat = zeros_like(entropy);
            var objective = PolicyObjectives.Gpg with { EntropyBonus = c.Number("coefficient") };
            var result = objective.Evaluate(PolicyTokens.Of(flat, flat, mask, entropy: entropy), zeros(mask.size(0), entropy.dtype));
            return result with { PerItem = entropy.detach(), Metrics = new Dictionary<string, Tensor> { ["mean_entropy"] = result.Metrics["entropy"] } };
        },
        ["reinforcement/kl_full"] = c =>
        {
            Tensor mask = c.Whole("mask"), kl = Masked.Keep(TokenDistributions.Kl(c.Real("logits"), c.Real("reference_logits")), mask);
            return new(Masked.Mean(kl, mask), kl.detach());
        },
        ["reinforcement/a_lol"] = c => new ALol
        {
            Form = c.Text("kind", "") switch { "a_lol_seq" => ALolForm.Token, "a_lol_ref_free" => ALolForm.ReferenceFree, "a_lol_kl" => ALolForm.Kl, "r_lol" => ALolForm.Reward, _ => ALolForm.Sequence },
            Clip = c.Has("clip") ? c.Number("clip") : null,
            Beta = c.Number("beta", 0),
        }.Evaluate(PolicyTokens.Of(c.Real("logps"), c.Real("reference_logps"), c.Whole("mask"), c.Real("reference_logps")), c.Real("rewards"), c.Real("values")),
        ["reinforcement/nlpo"] = c =>
        {
            AllowedTokens choice = c.Text("mask_type", "") == "top_k" ? new TopKTokens { K = (int)c.Number("k") } : new TopPTokens { P = c.Number("p"), AtLeast = (int)c.Number("min_tokens_to_keep") };
            if (c.Has("always_allowed"))
                choice = choice with { Always = [.. c.Numbers("always_allowed").Select(v => (int)v)] };
            Tensor mask = c.Whole("mask"), allowed = choice.Of(c.Real("mask_logits"));
            var (masked, raw, entropy) = TokenMask.LogProbs(c.Real("logits"), allowed, c.Whole("actions"), mask);
            var result = (PolicyObjectives.Nlpo with { Loss = new ClippedRatio { EpsilonLow = c.Number("epsilon"), EpsilonHigh = c.Number("epsilon") } }).Evaluate(PolicyTokens.Of(masked, c.Real("old_logps"), mask), c.Real("advantages"));
            return result with
            {
                Outputs = new Dictionary<string, Tensor>
                {
                    ["allowed"] = allowed,
                    ["masked_logps"] = Masked.Keep(masked, mask),
                    ["raw_logps"] = Masked.Keep(raw, mask),
                    ["entropy"] = Masked.Keep(entropy, mask),
                },
            };
        },
        ["reinforcement/f_dpg"] = c =>
        {
            var objective = new FDpg
            {
                Divergence = c.Text("divergence", "") switch { "kl" => FDivergence.Kl, "reverse_kl" => FDivergence.ReverseKl, "js" => FDivergence.JensenShannon, _ => FDivergence.TotalVariation },
            };
            var state = new FDpgState(1, c.Number("z"), c.Has("baseline") ? [c.Number("baseline")] : []);
            Tensor proposal = c.Real("proposal_logps"), target = c.Real("target_log_scores");
            var result = objective.Evaluate(c.Real("policy_logps"), proposal, target, state);
            return result with { Outputs = new Dictionary<string, Tensor>(result.Outputs) { ["z_samples"] = (target - proposal).exp() } };
        },
        ["reinforcement/ppo_lagrangian"] = c =>
        {
            if (c.HasInput("episode_costs"))
            {
                var lagrange = new Lagrange
                {
                    Start = c.Number("lambda_0"),
                    Rate = c.Number("lr"),
                    Threshold = c.Number("threshold"),
                    Window = (int)c.Number("window"),
                    Largest = c.Number("lambda_max", double.PositiveInfinity),
                };
                var state = lagrange.Initial;
                return Only(("lambda", tensor(c.Values("episode_costs").Select(cost => (state = lagrange.Next(state, cost)).Lambda).ToArray())));
            }

            var mask = c.Whole("mask");
            if (c.HasInput("reward"))
            {
                (Tensor, Tensor) Place(string score, double beta) =>
                    new RewardPlacement { Beta = beta, TokenClip = c.Number("clip_score") }.Place(c.Real(score), c.Real("logps"), c.Real("reference_logps"), mask);
                var (rewards, last) = Place("reward", c.Number("beta"));
                var (costs, _) = Place("cost", -c.Number("beta"));
                return Only(("rewards", rewards), ("costs", costs), ("last_index", last));
            }

            var advantages = Lagrange.Combine(c.Real("reward_advantages"), c.Real("cost_advantages"), c.Number("lambda"));
            var loss = new ClippedRatio { EpsilonLow = c.Number("epsilon"), EpsilonHigh = c.Number("epsilon") };
            var result = (PolicyObjectives.Ppo with { Loss = loss }).Evaluate(PolicyTokens.Of(c.Real("logps"), c.Real("old_logps"), mask), advantages);
            return result with { Outputs = new Dictionary<string, Tensor> { ["advantages"] = Masked.Keep(advantages, mask) } };
        },
        ["reinforcement/ppo_policy"] = PolicyCase,
        ["reinforcement/rloo"] = c => OfRows(PolicyObjectives.Rloo with { RewardKl = null, Loss = ClipOf(c, RatioLevel.SequenceProduct) }, c),
        ["reinforcement/value_loss"] = c => new ValueLoss { Clip = c.Has("clip") ? c.Number("clip") : null }
            .Evaluate(c.Real("values"), c.Real("old_values"), c.Real("returns"), c.Whole("mask")),
        ["reinforcement/gae"] = c =>
        {
            var mask = c.Whole("mask");
            var (advantages, returns) = new GeneralisedAdvantage { Gamma = c.Number("gamma"), Lambda = c.Number("lambda") }.Compute(
                c.Real("rewards"), c.Real("values"), mask, c.HasInput("bootstrap_value") ? c.Real("bootstrap_value") : null);
            return mask.sum().item<long>() > 1
                ? Only(("advantages", advantages), ("returns", returns), ("advantages_whitened", Whitening.Apply(advantages, mask)))
                : Only(("advantages", advantages), ("returns", returns));
        },
        ["reinforcement/whitening"] = c =>
        {
            Tensor x = c.Real("x"), mask = c.Whole("mask");
            return Only(("whitened", Whitening.Apply(x, mask)), ("whitened_keep_mean", Whitening.KeepMean(x, mask)), ("population_variance_form", Whitening.OverPopulation(x, mask)));
        },
        ["reinforcement/grpo_advantages"] = c =>
        {
            var scaled = new GroupRelative { Epsilon = c.Number("eps", 1e-4) };
            if (c.HasInput("rewards_by_function"))
                return Only(
                    ("sum_then_normalise", scaled.Of((c.Real("rewards_by_function") * c.Real("weights")).sum(-1))),
                    ("normalise_then_sum", new DecoupledGroupRelative().Of(c.Real("rewards_by_function"), c.Real("weights"))));
            var rewards = c.Real("rewards");
            var equal = GroupStatistics.AllEqual(rewards).to(rewards.dtype);
            return Only(
                ("group", scaled.Of(rewards)), ("none", (scaled with { Scale = GroupScale.None }).Of(rewards)), ("batch", (scaled with { Scale = GroupScale.Batch }).Of(rewards)),
                ("group_eps_1e-6", (scaled with { Epsilon = 1e-6 }).Of(rewards)), ("zero_std_groups", equal), ("fraction_zero_std", GroupRelative.Metrics(rewards)["fraction_zero_std"]));
        },
        ["reinforcement/group_baselines"] = c =>
        {
            var rewards = c.Real("rewards");
            return c.Name switch
            {
                "leave_one_out" => Only(("advantages", new LeaveOneOut().Of(rewards)), ("baselines", LeaveOneOut.Baselines(rewards))),
                "opo" => Only(("advantages", OptimalBaseline.Of(rewards, c.Whole("lengths")))),
                "pass_at_k" => Only(("advantages", new PassAtK { OverDeviation = false }.Of(rewards)), ("advantages_over_std", new PassAtK().Of(rewards))),
                "gpg" => Only(("advantages", ScaledGroupMean.Of(rewards))),
                _ => WithKl(rewards - (c.Number("beta") * c.Real("sequence_kl_k1"))),
            };
            static Objective WithKl(Tensor rewards) => Only(
                ("rewards_with_kl", rewards), ("advantages", new LeaveOneOut().Of(rewards)), ("advantages_normalised", new LeaveOneOut { Normalise = true }.Of(rewards)));
        },
        ["reinforcement/return_to_go"] = c =>
        {
            Tensor rewards = c.Real("rewards"), mask = c.Whole("mask");
            if (c.Name == "reinforce_pp_baseline")
                return Only(("advantages", GroupMeanWhitened.Of(rewards, mask)));
            var returns = new ReturnToGo { Gamma = c.Number("gamma", 1) }.Of(rewards, mask);
            return c.HasInput("greedy_reward")
                ? Only(("returns", returns), ("advantages", GreedyBaseline.Of(rewards, c.Real("greedy_reward"), mask)))
                : Only(("returns", returns), ("advantages", Whitening.Apply(returns, mask)), ("advantages_population_variance", Whitening.OverPopulation(returns, mask)));
        },
        ["reinforcement/reward_placement"] = c =>
        {
            var placement = new RewardPlacement
            {
                Beta = c.Number("beta"),
                Estimator = EstimatorOf(c),
                ScoreClip = c.Has("score_clip") ? c.Number("score_clip") : null,
                MissingEndPenalty = c.Number("missing_eos_penalty", 0),
            };
            var (rewards, last) = placement.Place(c.Real("score"), c.Real("logps"), c.Real("reference_logps"), c.Whole("mask"), c.HasInput("has_eos") ? c.Whole("has_eos") : null);
            return Only(("rewards", rewards), ("last_index", last));
        },
        ["reinforcement/kl_estimators"] = c =>
        {
            Tensor mask = c.Whole("mask"), kl = Masked.Keep(KlEstimators.Of(EstimatorOf(c), c.Real("logps"), c.Real("reference_logps")), mask);
            return new(Masked.Mean(kl, mask), kl.detach());
        },
        ["reinforcement/kl_controller"] = c =>
        {
            var beta = c.Number("beta_0");
            var controller = new AdaptiveKl { Target = c.Number("target"), Horizon = c.Number("horizon") };
            return Only(("beta", tensor(c.Values("kl").Zip(c.Values("n"), (kl, n) => beta = controller.Next(beta, kl, (int)n)).ToArray())));
        },
        ["reinforcement/high_entropy_mask"] = c =>
        {
            var (threshold, keep) = new HighEntropyMask { Fraction = c.Number("fraction") }.Keep(c.Real("entropy"), c.Whole("mask"));
            return Only(("threshold", threshold), ("keep", keep));
        },
        ["reinforcement/importance_correction"] = c =>
        {
            if (c.HasInput("importance_weights"))
                return PolicyCase(c);
            var mask = c.Whole("mask");
            if (c.HasInput("advantages"))
            {
                var (kl, keep) = new OffPolicySequenceMask { Threshold = c.Number("threshold") }.Evaluate(c.Real("logps"), c.Real("sampler_logps"), mask, c.Real("advantages"));
                return Only(("sequence_kl", kl), ("keep", keep));
            }

            Tensor trainer = c.Real("trainer_logps"), sampler = c.Real("sampler_logps");
            Tensor Weights(CorrectionMode mode) => new ImportanceCorrection { Mode = mode, High = c.Number("high"), Low = c.Number("low") }.Weights(trainer, sampler, mask);
            var tokens = PolicyTokens.Of(trainer, trainer, mask, sampler: sampler);
            var metrics = new Dictionary<string, Tensor>();
            new ImportanceCorrection().Weights(tokens, metrics);
            var difference = tokens.Old - tokens.Sampler!;
            return Only(
                ("token_truncate", Weights(CorrectionMode.TokenTruncate)), ("token_mask", Weights(CorrectionMode.TokenMask)), ("icepop", Weights(CorrectionMode.TokenMask)),
                ("sequence_truncate", Weights(CorrectionMode.SequenceTruncate)), ("sequence_mask", Weights(CorrectionMode.SequenceMask)),
                ("sequence_filtered_token_ratio", Weights(CorrectionMode.SequenceFilter)), ("token_ratio", difference.exp()),
                ("sequence_ratio", Masked.RowSums(difference, mask).exp()), ("sequence_geometric_mean", Masked.RowMeans(difference, mask).exp()),
                ("mean_abs_difference", metrics["sampler_mean_difference"]), ("max_abs_difference", metrics["sampler_max_difference"]));
        },
        ["reinforcement/dapo_rules"] = c =>
        {
            if (c.HasInput("lengths"))
            {
                var penalty = new OverlongPenalty { MaxLength = (int)c.Number("max_length"), Buffer = (int)c.Number("buffer"), Factor = c.Number("factor") };
                return Only(("penalty", tensor(c.Values("lengths").Select(n => penalty.Of((int)n)).ToArray())));
            }

            var rewards = c.Real("rewards").detach().to(ScalarType.Float64);
            var equal = rewards.data<double>().ToArray().Chunk((int)rewards.size(-1)).Select(DynamicSampling.TeachesNothing).ToArray();
            int[] Groups(bool which) => [.. Enumerable.Range(0, equal.Length).Where(i => equal[i] == which)];
            return Only(("kept_groups", tensor(Groups(false))), ("dropped_all_equal", tensor(Groups(true))));
        },
    };

    private static Objective PolicyCase(ObjectiveCase c) => EvaluatePolicy(new()
    {
        Name = "case",
        Advantage = new GroupRelative(),
        Loss = RatioLossOf(c),
        Aggregation = c.Text("aggregation", "") switch
        {
            "token_mean" => new TokenMean(),
            "sequence_mean_token_mean" => new SequenceMean(),
            "sequence_mean_token_sum" => new SequenceSum(),
            _ => new ConstantLength { Tokens = (int)c.Number("max_completion_length") },
        },
        LossKl = c.Number("beta", 0) > 0 ? new() { Beta = c.Number("beta"), TimesRatio = c.Flag("kl_times_ratio") } : null,
        Correction = c.HasInput("importance_weights") ? new() { High = 1.5 } : null,
    }, c);

    private static IRatioLoss RatioLossOf(ObjectiveCase c) => c.Text("loss_type", "clip") switch
    {
        "gpg" => new PolicyGradient(),
        "cispo" => new Cispo { High = c.Number("clip_max"), Low = c.Number("clip_min", 0) },
        "sapo" => new Sapo { TauPositive = c.Number("tau_positive"), TauNegative = c.Number("tau_negative") },
        _ => ClipOf(c, c.Text("importance_level", "token") switch { "sequence" => RatioLevel.SequenceMean, "sequence_token" => RatioLevel.SequenceMeanOnTokens, _ => RatioLevel.Token }),
    };

    private static ClippedRatio ClipOf(ObjectiveCase c, RatioLevel level) => new()
    {
        Level = level,
        EpsilonLow = c.Number("epsilon_low"),
        EpsilonHigh = c.Number("epsilon_high"),
        DualClip = c.Has("dual_clip") ? c.Number("dual_clip") : null,
        RatioCap = c.Has("delta") ? c.Number("delta") : null,
        LogRatioLimit = c.Has("log_ratio_clamp") ? c.Number("log_ratio_clamp") : null,
    };

    private static Objective EvaluatePolicy(PolicyObjective objective, ObjectiveCase c)
    {
        var old = c.Real("old_logps");
        // The weights of the case are exp(old − sampler), cut above: the sampler that they imply.
        var sampler = c.HasInput("importance_weights") ? old.detach() - c.Real("importance_weights").detach().log() : null;
        var tokens = PolicyTokens.Of(c.Real("logps"), old, c.Whole("mask"), c.HasInput("reference_logps") ? c.Real("reference_logps") : null, sampler);
        return objective.Evaluate(tokens, c.Real("advantages"), c.Has("normaliser") ? c.Number("normaliser") : null);
    }

    /// <summary>A loss of whole answers stands on each of their tokens; the file has it once.</summary>
    private static Objective OfRows(PolicyObjective objective, ObjectiveCase c)
    {
        var result = EvaluatePolicy(objective, c);
        return result with { PerItem = result.PerItem.select(1, 0), Outputs = result.Outputs.ToDictionary(o => o.Key, o => o.Value.squeeze(1)) };
    }

    private static KlEstimator EstimatorOf(ObjectiveCase c) => c.Text("estimator", "k1") switch
    {
        "k2" => KlEstimator.K2,
        "k3" => c.Flag("straight_through_k2") ? KlEstimator.K3WithGradientOfK2 : KlEstimator.K3,
        "abs" => KlEstimator.Absolute,
        _ => KlEstimator.K1,
    };
}
