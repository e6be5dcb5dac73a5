using Alidade.Core.Statistics;
using Alidade.Core.Statistics.Ratings;
using Alidade.Training.Objectives;
using Alidade.Training.Objectives.Reward;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Golden.Training;

[Golden("objectives/reward")]
public sealed partial class ObjectiveGoldenTests
{
    private static Dictionary<string, Func<ObjectiveCase, Objective>> Reward() => new(StringComparer.Ordinal)
    {
        ["reward/pairwise"] = c => new PairwiseReward { CenterCoefficient = c.Number("center_coefficient", 0) }.Evaluate(
            AnswerScores.OfPairs(c.Real("rewards_chosen"), c.Real("rewards_rejected")) with { Margins = c.HasInput("margin") ? c.Values("margin") : null }),
        ["reward/all_pairs"] = c => new AllPairsReward().Evaluate(AnswerScores.OfLists(c.Real("scores"))),
        ["reward/plackett_luce"] = c => new PlackettLuceReward { Top = c.Has("top") ? (int)c.Number("top") : null }.Evaluate(AnswerScores.OfLists(c.Real("scores"))),
        ["reward/classification"] = c => new ClassificationReward { ClassWeights = c.Has("class_weights") ? [.. c.Option("class_weights").EnumerateArray().Select(w => w.GetDouble())] : null }
            .Evaluate(Labelled(c.Real("logits"), c.Ints("labels"))),
        ["reward/ordinal"] = c =>
        {
            var cuts = new OrdinalCuts(c.Real("first_cut"), c.Real("raw_gaps"));
            return new OrdinalReward { Levels = cuts.Levels }.Evaluate(Labelled(c.Real("scores").unsqueeze(1), c.Ints("labels")), cuts);
        },
        ["reward/cost_model"] = CostOf,
        ["reward/process"] = c =>
        {
            var mask = c.Whole("step_end_mask");
            var result = new ProcessReward().Evaluate(Steps(c.Real("logits"), mask, c.Ints("labels")));
            return result with { PerItem = OnGrid(mask, result.PerItem), Outputs = new Dictionary<string, Tensor> { ["p_correct"] = OnGrid(mask, result.Outputs["p_correct"]) } };
        },
        ["reward/outcome"] = c =>
        {
            var mask = c.Whole("mask");
            var correct = c.Ints("correct");
            var width = (int)mask.size(1);
            var all = c.Text("positions", "") == "all";
            var steps = Steps(c.Real("logits").unsqueeze(2), mask, [.. Enumerable.Range(0, (int)mask.numel()).Select(i => correct[i / width])]);
            var result = new OutcomeReward { Places = all ? OutcomePlaces.All : OutcomePlaces.Last }.Evaluate(steps);
            return all ? result with { PerItem = OnGrid(mask, result.PerItem) }
                : result with { Outputs = new Dictionary<string, Tensor> { ["last"] = mask.reshape(-1).nonzero().squeeze(1).index_select(0, result.Outputs["places"]) % width } };
        },
        ["reward/step_aggregation"] = c =>
        {
            double[][] rows = [.. c.Values("p").Chunk((int)c.Whole("p").size(1)).Zip(c.Ints("steps"), (p, n) => p[..n])];
            Tensor All(StepAggregation how) => ObjectiveCase.Plain([.. rows.Select(p => how.Of(p))]);
            return Only(
                ("product", All(StepAggregation.Product)), ("minimum", All(StepAggregation.Minimum)), ("last", All(StepAggregation.Last)),
                ("mean", All(StepAggregation.Mean)), ("geometric_mean", All(StepAggregation.GeometricMean)));
        },
        ["reward/ensemble"] = c =>
        {
            var answers = (int)c.Whole("scores_member_by_answer").size(1);
            double[][] members = [.. c.Values("scores_member_by_answer").Chunk(answers)];
            var ensemble = RewardEnsemble.Of(members);
            var (bound, uwo) = (ensemble.LowerBound(c.Number("k")), ensemble.UncertaintyWeighted(c.Number("uwo_lambda")));
            double[] lower = [.. Enumerable.Range(0, answers).Select(a => members.Select(m => m[a]).Order().ElementAt(1))];
            static Tensor Best(IReadOnlyList<double> values) => tensor(RewardEnsemble.Best(values));
            return Only(
                ("mean", tensor(ensemble.Mean.ToArray())), ("min", tensor(ensemble.Minimum.ToArray())), ("median", tensor(lower)), ("median_midpoint", tensor(ensemble.Median.ToArray())),
                ("std_population", tensor(ensemble.StandardDeviation.ToArray())), ("mean_minus_k_std", tensor(bound.ToArray())), ("uwo", tensor(uwo.ToArray())),
                ("best_by_mean", Best(ensemble.Mean)), ("best_by_min", Best(ensemble.Minimum)), ("best_by_uwo", Best(uwo)));
        },
        ["reward/bradley_terry_mle"] = c =>
        {
            var wins = c.Values("wins");
            var players = (int)Math.Sqrt(wins.Length);
            var fit = BradleyTerry.Fit([.. wins.Select((w, i) => new Battle($"{i / players}", $"{i % players}", BattleOutcome.First, w)).Where(b => b.Weight > 0)]);
            return Only(
                ("theta", tensor(fit.Strengths.ToArray())), ("log_likelihood", ObjectiveCase.Plain(-fit.NegativeLogLikelihood)),
                ("standard_error", tensor(fit.Covariance.Select((row, i) => Math.Sqrt(row[i])).ToArray())), ("elo", tensor(fit.OnEloScale(1500).Values.ToArray())));
        },
        ["reward/best_of_n"] = c =>
        {
            var n = c.Ints("n")[0];
            if (!c.HasInput("p_sorted_by_increasing_score"))
                return Only(("kl_continuous", ObjectiveCase.Plain(BestOfN.Kl(n))), ("win_rate_against_one_sample", ObjectiveCase.Plain(BestOfN.WinRate(n))));
            var p = c.Values("p_sorted_by_increasing_score");
            var q = BestOfN.Distribution(p, n);
            return Only(
                ("best_of_n", tensor(q)), ("kl_exact", ObjectiveCase.Plain(BestOfN.Kl(p, n))), ("kl_bound", ObjectiveCase.Plain(BestOfN.Kl(n))),
                ("mean_rank_score", ObjectiveCase.Plain(q.Select((share, i) => share * i).Sum())));
        },
        ["reward/best_of_n_estimator"] = c => c.HasInput("scores_sorted")
            ? Only([.. new[] { 1, 2, 4, 8 }.Select(n => ($"expected_max/{n}", ObjectiveCase.Plain(BestOf.ExpectedMaximum(c.Values("scores_sorted"), n))))])
            : Only(("pass_at_k", ObjectiveCase.Plain([.. c.Ints("c").SelectMany(right => c.Ints("k").Select(k => Epochs.PassAt([.. Enumerable.Range(0, c.Ints("N")[0]).Select(i => i < right ? 1.0 : 0)], k)))]))),
        ["reward/overoptimisation"] = c =>
        {
            var fit = OverOptimisation.Fit(c.Text("form", "") == "rl" ? OptimisationMethod.Reinforcement : OptimisationMethod.BestOfN, c.Values("d"), c.Values("gold_reward"));
            return Only(
                ("alpha", ObjectiveCase.Plain(fit.Alpha)), ("beta", ObjectiveCase.Plain(fit.Beta)), ("residual_sum_of_squares", ObjectiveCase.Plain(fit.ResidualSumOfSquares)),
                ("peak_d", ObjectiveCase.Plain(fit.PeakDistance!.Value)), ("peak_reward", ObjectiveCase.Plain(fit.PeakReward!.Value)));
        },
    };

    private static AnswerScores Labelled(Tensor scores, int[] labels) => new(scores, [.. labels.Select(_ => 1)]) { Labels = labels };

    private static StepScores Steps(Tensor scores, Tensor mask, int[] labels)
    {
        var places = mask.reshape(-1).nonzero().squeeze(1);
        long[] kept = places.data<long>().ToArray();
        return new(scores.flatten(0, 1).index_select(0, places), [.. kept.Select(i => labels[i])], [.. kept.Select(i => i / mask.size(1))], (int)mask.size(0));
    }

    private static Objective CostOf(ObjectiveCase c)
    {
        var objective = new CostModel { Regularisation = c.Number("regularisation", 0) };
        Tensor unsafer = c.Real("costs_unsafer"), safer = c.Real("costs_safer");
        int[] labels = [.. c.Ints("sign_unsafer").Zip(c.Ints("sign_safer")).SelectMany(p => new[] { p.First == 1 ? 1 : 0, p.Second == 1 ? 1 : 0 })];
        int[] Option(string name) => [.. c.Option(name).EnumerateArray().Select(v => v.GetInt32())];
        return c.Text("level", "") == "token"
            ? objective.OfTokens(unsafer, safer, labels, Option("first_divergence"), Option("end_unsafer"), Option("end_safer"))
            : objective.Evaluate(AnswerScores.OfPairs(unsafer, safer) with { Labels = labels });
    }
}
