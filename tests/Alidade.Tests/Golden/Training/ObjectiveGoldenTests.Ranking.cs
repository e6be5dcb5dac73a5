using Alidade.Core;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Ranking;
using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Supervised;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

[Golden("objectives/ranking")]
public sealed partial class ObjectiveGoldenTests
{
    private static Dictionary<string, Func<ObjectiveCase, Objective>> Ranking()
    {
        var built = new Dictionary<string, Func<ObjectiveCase, Objective>>(StringComparer.Ordinal)
        {
            ["ranking/f_divergence"] = c => Pairwise(c.Text("loss_type", ""), c).Evaluate(c.Pairs()),
            ["ranking/sppo_soft"] = c => new Sppo { Beta = c.Number("beta") }.Evaluate(c.Pairs() with { WinProbability = c.Real("chosen_win_probability").detach() }),
            ["ranking/aot"] = c => new Aot { Beta = c.Number("beta"), LabelSmoothing = c.Number("label_smoothing", 0) }.Evaluate(c.Pairs()),
            ["ranking/aot_unpaired"] = c => new AotUnpaired { Beta = c.Number("beta"), LabelSmoothing = c.Number("label_smoothing", 0) }.Evaluate(c.Pairs()),
            ["ranking/ld_dpo"] = c => new LengthDesensitised { Base = Pairwise(c.Text("loss_type", ""), c), Alpha = c.Number("ld_alpha") }.Evaluate(c.Pairs()),
            ["ranking/wpo"] = Weighted,
            ["ranking/weighted_sum"] = Summed,
            ["ranking/tr_dpo"] = Moved,
            ["ranking/kto"] = Unpaired,
            ["ranking/bco"] = Shifted,
            ["ranking/cpo"] = Contrastive,
            ["ranking/simpo"] = Contrastive,
            ["ranking/alphapo"] = c => new AlphaPo { Beta = c.Number("beta"), Gamma = c.Number("gamma"), Alpha = c.Number("reward_alpha") }.Evaluate(c.Pairs()),
            ["ranking/orpo"] = Odds,
            ["ranking/slic_hf"] = c => new SlicHf { Delta = c.Number("delta"), Lambda = c.Number("lambda") }
                .Evaluate(c.Pairs() with { Target = c.Real("policy_target_logps") }),
            ["ranking/rebel"] = c =>
            {
                Tensor a = c.Real("policy_a_logps"), b = c.Real("policy_b_logps");
                int[] ones = [.. Enumerable.Repeat(1, (int)a.numel())];
                return new Rebel { Eta = c.Number("eta") }.Evaluate(new PairLogProbs(a, b, c.Real("old_a_logps"), c.Real("old_b_logps"), ones, ones)
                {
                    ChosenReward = c.Real("reward_a").detach(),
                    RejectedReward = c.Real("reward_b").detach(),
                });
            },
            ["ranking/ties"] = c =>
            {
                TiedDpo objective = c.Text("kind", "") == "davidson"
                    ? new DavidsonDpo { Beta = c.Number("beta"), Nu = c.Number("nu") }
                    : new RaoKupperDpo { Beta = c.Number("beta"), Nu = c.Number("nu") };
                return objective.Evaluate(c.Pairs() with { Tie = c.Flags("tie") });
            },
            ["ranking/xpo"] = Exploratory,
            ["ranking/nash_md"] = c =>
            {
                var (objective, wins) = (PolicyObjectives.NashMd with { RewardKl = new() { Beta = c.Number("beta") } }, c.Real("win_probability").detach());
                var tokens = PolicyTokens.Of(c.Real("policy_logps"), c.Real("policy_logps"), c.Whole("mask"), c.Real("reference_logps"));
                var ratio = tokens.Old - tokens.Reference!;
                // TRL takes from each token its own log-ratio alone.
                var advantages = c.Text("kl_credit", "sequence") == "token" ? (wins - 0.5).unsqueeze(1) - (c.Number("beta") * ratio)
                    : objective.Advantage.Estimate(Rollout.Of(wins, tokens, 1, objective.RewardKl)).Advantages;
                var result = objective.Evaluate(tokens, advantages);
                return new Objective(result.Loss, result.PerItem.sum(-1)).WithOutputs(("score", (wins - 0.5) * tokens.Old.sum(-1)), ("kl_estimate", ratio.sum(-1)));
            },
            ["ranking/kto_pairing"] = c =>
            {
                var rows = Enumerable.Range(0, c.Count("batch_size")).Select(i => (IReadOnlyList<int>)[i]).ToArray();
                return Only(("completion_of", tensor(MismatchedAnswers.Of(rows).AnswerOf.Select(i => (double)i).ToArray())));
            },
            ["ranking/online_dpo_pairs"] = Online,
            ["ranking/rrhf"] = c =>
            {
                var lists = Lists(c);
                var result = new Rrhf
                {
                    LengthPenalty = c.Number("length_penalty"),
                    RankWeight = c.Number("rank_weight"),
                    Imitation = c.Text("sft_reduction", "sum") == "mean" ? AnswerScale.TokenMean : AnswerScale.Sum,
                }.Evaluate(lists);
                return result.WithOutputs(
                    ("scores", result.Outputs["likelihood"]), ("best", tensor(lists.Lists.Select(l => (double)l.Best).ToArray())));
            },
            ["ranking/pro"] = c =>
            {
                Assert.All(c.Whole("sft_index").data<long>().ToArray(), i => Assert.Equal(0, i));
                return new Pro { SftWeight = c.Number("sft_weight") }.Evaluate(Lists(c));
            },
            ["ranking/listwise_dpo"] = c =>
            {
                var result = new ListwiseDpo { Beta = c.Number("beta") }.Evaluate(Lists(c));
                return result.WithOutputs(("rewards", result.Outputs["likelihood"]));
            },
            ["ranking/slic_calibration"] = c => new SlicCalibration
            {
                Loss = c.Text("kind", "") switch { "rank" => CalibrationLoss.Rank, "margin" => CalibrationLoss.Margin, "list" => CalibrationLoss.List, _ => CalibrationLoss.Reward },
                Beta = c.Number("beta"),
                LengthPenalty = c.Number("length_penalty"),
            }.Evaluate(Lists(c)),
        };
        foreach (var kind in new[]
        {
            "sigmoid", "cdpo", "hinge", "ipo", "ipo_sum", "robust", "exo_pair", "nca_pair", "bco_pair", "sppo_hard", "apo_zero", "apo_down", "discopop", "sigmoid_norm", "dpop",
        })
            built.Add("ranking/" + kind, c => Pairwise(kind, c).Evaluate(c.Pairs()));
        return built;
    }

    /// <summary>An objective on pairs by its name in the reference, with the case's options.</summary>
    private static PairwiseObjective Pairwise(string kind, ObjectiveCase c)
    {
        double beta = c.Number("beta"), smoothing = c.Number("label_smoothing", 0);
        PairwiseObjective objective = kind switch
        {
            "sigmoid" => new Dpo { Beta = beta },
            "cdpo" => new Dpo { Beta = beta, LabelSmoothing = smoothing },
            "sigmoid_norm" => new Dpo { Beta = beta, Scale = AnswerScale.TokenMean },
            "hinge" => new Hinge { Beta = beta },
            "ipo" => new Ipo { Beta = beta },
            "ipo_sum" => new Ipo { Beta = beta, Scale = AnswerScale.Sum },
            "robust" => new RobustDpo { Beta = beta, LabelSmoothing = smoothing },
            "exo_pair" => new ExoPair { Beta = beta, LabelSmoothing = smoothing },
            "nca_pair" => new NcaPair { Beta = beta },
            "bco_pair" => new BcoPair { Beta = beta },
            "sppo_hard" => new Sppo { Beta = beta },
            "apo_zero" => new ApoZero { Beta = beta },
            "apo_down" => new ApoDown { Beta = beta },
            "discopop" => new DiscoPop { Beta = beta, Tau = c.Number("tau") },
            "dpop" => new Dpop { Beta = beta, Lambda = c.Number("lambda") },
            _ => throw new NotBuiltException($"preference loss '{kind}'"),
        };
        Divergence divergence = c.Text("f_divergence", "reverse_kl") switch
        {
            "reverse_kl" => new ReverseKl(),
            "forward_kl" => new ForwardKl(),
            "js_divergence" => new JensenShannon(),
            "alpha_divergence" => new AlphaDivergence { Alpha = c.Number("alpha") },
            var other => throw new NotBuiltException($"divergence '{other}'"),
        };
        return objective is MarginObjective margin ? margin with { Divergence = divergence } : objective;
    }

    private static Objective Weighted(ObjectiveCase c) => new Wpo
    {
        Base = Pairwise(c.Text("loss_type", ""), c),
        Alignment = c.Flag("aligned") ? WeightAlignment.Sampled : WeightAlignment.None,
        MaxWeight = c.Has("max_weight") ? c.Number("max_weight") : null,
    }.Evaluate(c.Pairs() with
    {
        ChosenCollision = c.Sum("chosen_log_sum_sq_probs", "chosen_mask").detach(),
        RejectedCollision = c.Sum("rejected_log_sum_sq_probs", "rejected_mask").detach(),
    });

    private static Objective Summed(ObjectiveCase c)
    {
        var kinds = c.Texts("loss_types");
        IPreferenceObjective[] objectives = [.. kinds.Select(kind => kind switch
        {
            "sft" => new ChosenNll(),
            "sft_sequence_mean" => new ChosenNll { Reduction = SftReduction.SequenceMean },
            _ => (IPreferenceObjective)Pairwise(kind, c),
        })];
        var sum = new WeightedSum { Terms = [.. objectives.Zip(c.Numbers("loss_weights"), (o, w) => new WeightedTerm(w, o))] }.Evaluate(c.Pairs());
        return sum.WithOutputs(kinds.Zip(objectives, (kind, o) => (kind, sum.Metrics["loss_" + o.Name])));
    }

    private static Objective Moved(ObjectiveCase c)
    {
        var rule = new MovingReference { Mixture = c.Number("alpha"), Every = (int)c.Number("sync_steps") };
        Tensor reference = c.Real("reference_0"), policies = c.Real("policies");
        var synced = new List<double>();
        var after = new List<Tensor>();
        for (var update = 1; update <= policies.size(0); update++)
        {
            synced.Add(rule.IsDue(update) ? 1 : 0);
            reference = rule.IsDue(update) ? rule.Moved(reference, policies[update - 1]) : reference;
            after.Add(reference);
        }

        return Only(("synced", tensor(synced.ToArray())), ("reference_after", stack(after)));
    }

    private static Objective Unpaired(ObjectiveCase c)
    {
        var rows = new UnpairedLogProbs(c.Sum("policy_logps", "mask"), c.Sum("reference_logps", "mask"), c.Flags("desirable"))
        {
            Mismatched = (c.Sum("policy_kl_logps", "kl_mask"), c.Sum("reference_kl_logps", "kl_mask")),
        };
        double beta = c.Number("beta"), desirable = c.Number("desirable_weight"), undesirable = c.Number("undesirable_weight");
        return c.Text("loss_type", "kto") == "kto"
            ? new Kto { Beta = beta, DesirableWeight = desirable, UndesirableWeight = undesirable }.Evaluate(rows)
            : new ApoZeroUnpaired { Beta = beta, DesirableWeight = desirable, UndesirableWeight = undesirable }.Evaluate(rows);
    }

    private static Objective Shifted(ObjectiveCase c)
    {
        Tensor chosen = c.Real("policy_chosen_logps"), rejected = c.Real("policy_rejected_logps");
        var count = (int)chosen.numel();
        bool[] desirable = [.. Enumerable.Range(0, count + (int)rejected.numel()).Select(i => i < count)];
        var rows = new UnpairedLogProbs(cat([chosen, rejected]), cat([c.Real("reference_chosen_logps"), c.Real("reference_rejected_logps")]), desirable)
        {
            DesirableProbability = c.HasInput("rejected_prob_desirable") ? cat([full_like(chosen.detach(), 0.5), c.Real("rejected_prob_desirable").detach()]) : null,
        };
        var state = tensor(new[] { c.Number("delta_before"), c.Number("batches_before") });
        var result = new Bco { Beta = c.Number("beta"), MinDensityRatio = c.Number("min_density_ratio"), MaxDensityRatio = c.Number("max_density_ratio") }
            .Evaluate(rows, state, out var next);
        Assert.Equal([c.Number("delta_before"), c.Number("batches_before")], state.data<double>().ToArray());
        Assert.Equal(c.Number("batches_before") + 1, next![1].item<double>());
        var rewards = result.Outputs["rewards"];
        result = result.WithOutputs(("delta_after", next[0]), ("rewards_chosen", rewards[..count]), ("rewards_rejected", rewards[count..]));
        return rows.DesirableProbability is null ? result : result.WithOutputs(("rejected_weights", result.Outputs["weights"][count..]));
    }

    private static Objective Contrastive(ObjectiveCase c)
    {
        double beta = c.Number("beta"), smoothing = c.Number("label_smoothing", 0);
        PairwiseObjective preference = c.Text("loss_type", "") switch
        {
            "simpo" => new SimPo { Beta = beta, Gamma = c.Number("gamma"), LabelSmoothing = smoothing },
            "ipo" => new LengthNormalised { Base = new Ipo { Beta = beta, Scale = AnswerScale.Sum } },
            "sigmoid" => new Dpo { Beta = beta, LabelSmoothing = smoothing },
            var other => Pairwise(other, c),
        };
        return new Cpo { Base = preference, NllWeight = c.Number("alpha") }.Evaluate(c.Pairs());
    }

    private static Objective Odds(ObjectiveCase c)
    {
        if (c.HasInput("chosen_mean_logps"))
        {
            // Means stand for answers of one token, and the NLL for sequences of one token.
            Tensor chosen = c.Real("chosen_mean_logps"), rejected = c.Real("rejected_mean_logps");
            int[] ones = [.. Enumerable.Repeat(1, (int)chosen.numel())];
            return new Orpo { Beta = c.Number("beta") }.Evaluate(new PairLogProbs(chosen, rejected, zeros_like(chosen), zeros_like(rejected), ones, ones)
            {
                PromptAndChosen = -c.Real("chosen_nll").expand(chosen.shape),
                PromptAndChosenLengths = ones,
            });
        }

        Tensor tokens = c.Real("chosen_logps"), others = c.Real("rejected_logps");
        return new Orpo { Beta = c.Number("beta") }.Evaluate(
            PairLogProbs.OfTokens(tokens, others, zeros_like(tokens), zeros_like(others), c.Whole("chosen_mask"), c.Whole("rejected_mask")) with
            {
                PromptAndChosen = c.Sum("chosen_logps", "chosen_nll_mask"),
                PromptAndChosenLengths = [.. c.Whole("chosen_nll_mask").sum(-1).data<long>().ToArray().Select(n => (int)n)],
            });
    }

    // Lists of the case; without scores the order of the answers is their rank.
    private static RankedLogProbs Lists(ObjectiveCase c)
    {
        var sums = c.HasInput("logps") ? c.Sum("logps", "mask") : c.Real("policy_logps");
        int lists = (int)sums.size(0), answers = (int)sums.size(1);
        var lengths = c.HasInput("mask") ? c.Whole("mask").sum(-1) : c.HasInput("lengths") ? c.Whole("lengths") : ones(lists, answers, ScalarType.Int64);
        var scores = c.HasInput("rewards") ? c.Rows("rewards")
            : c.HasInput("similarity") ? c.Rows("similarity")
            : [.. Enumerable.Range(0, lists).Select(_ => Enumerable.Range(0, answers).Select(k => (double)-k).ToArray())];
        return RankedLogProbs.Of(
            sums.reshape(-1), c.HasInput("reference_logps") ? c.Real("reference_logps").detach().reshape(-1) : null,
            [.. lengths.data<long>().ToArray().Select(n => (int)n).Chunk(answers)], scores);
    }

    private static Objective Exploratory(ObjectiveCase c)
    {
        Tensor own = c.Sum("policy_logps_on_policy_sample", "policy_sample_mask"), others = c.Sum("policy_logps_on_reference_sample", "reference_sample_mask");
        Tensor ownReference = c.Sum("reference_logps_on_policy_sample", "policy_sample_mask"), othersReference = c.Sum("reference_logps_on_reference_sample", "reference_sample_mask");
        var wins = c.Flags("policy_sample_wins");
        var won = tensor(wins);
        int[] ones = [.. Enumerable.Repeat(1, wins.Length)];
        var pairs = new PairLogProbs(
            where(won, own, others), where(won, others, own), where(won, ownReference, othersReference), where(won, othersReference, ownReference), ones, ones)
        {
            ChosenFromReference = [.. wins.Select(w => !w)],
        };
        return new Xpo { Base = Pairwise(c.Text("loss_type", "") == "ipo" ? "ipo_sum" : "sigmoid", c), Alpha = c.Number("alpha") }.Evaluate(pairs);
    }

    private static Objective Online(ObjectiveCase c)
    {
        var rule = new OnlinePairs { MissingEndPenalty = c.Number("missing_eos_penalty", 0) };
        double[] After(string rewards, string ended) => [.. c.Real(rewards).detach().to(ScalarType.Float64).data<double>().ToArray()
            .Select((r, i) => rule.RewardOf(r, !c.HasInput(ended) || c.Flags(ended)[i]))];
        double[] first = After("reward_first", "first_has_eos"), second = After("reward_second", "second_has_eos");
        var (pairs, ties) = OnlinePairs.Of(first, second);
        var chosen = Enumerable.Repeat(double.NaN, first.Length).ToArray();
        foreach (var pair in pairs)
            chosen[pair.Prompt] = pair.FirstIsChosen ? 1 : 0;
        Assert.Equal(first.Length, pairs.Count + ties);
        return Only(
            ("chosen_is_first", tensor(chosen)),
            ("skipped", tensor(chosen.Select(v => double.IsNaN(v) ? 1.0 : 0).ToArray())),
            ("chosen_is_first_trl", tensor(chosen.Select(v => double.IsNaN(v) ? 1.0 : v).ToArray())),
            ("reward_first_after", tensor(first)),
            ("reward_second_after", tensor(second)));
    }
}
