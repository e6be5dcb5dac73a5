using Alidade.Training.Objectives.Reinforcement;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers.Policy;

/// <summary>From scores to the advantage of every token: rewards are placed on tokens, a KL and penalties enter, and the objective's estimator does the rest.</summary>
/// <param name="objective">The objective.</param>
/// <param name="options">Where the score lies, what else enters the reward.</param>
/// <param name="lagrange">Weighs a cost; null without one.</param>
internal sealed class AnswerAdvantages(PolicyObjective objective, RolloutOptions options, Lagrange? lagrange)
{
    /// <summary>Positions of an answer for which a value is wanted: its tokens, and one more where the score lies behind them.</summary>
    public int ValueLength(Answers answers, int row)
    {
        var length = answers.Rows[row].Ids.Count;
        return options.ScorePosition == ScorePosition.AfterLastToken && length < options.MaxNewTokens ? length + 1 : length;
    }

    /// <summary>Positions of the grids of values.</summary>
    public int Width(Answers answers) => Enumerable.Range(0, answers.Rows.Count).Max(r => ValueLength(answers, r));

    /// <summary>Fills in advantages and returns; what is logged of them.</summary>
    /// <param name="answers">With the log-probabilities and values that the objective needs.</param>
    /// <param name="klWeight">Weight of the KL in the reward.</param>
    /// <param name="multiplier">λ of the cost.</param>
    public Dictionary<string, double> Fill(Answers answers, double klWeight, double multiplier)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var placement = (objective.RewardKl ?? new() { Beta = 0 }) with { Beta = objective.RewardKl is { Beta: not 0 } ? klWeight : 0 };
        var old = Padded(answers.Whole, Width(answers));
        var reference = answers[Grids.Reference] is { } known ? Padded(known, Width(answers)) : null;
        var tokens = answers.Mask(Width(answers), r => answers.Rows[r].Ids.Count, old.dtype, old.device);
        var counted = answers.Mask(Width(answers), r => ValueLength(answers, r), old.dtype, old.device);
        Tensor Rewards(float[] scores, RewardPlacement how)
        {
            var ended = tensor(answers.Rows.Select(r => r.Ended ? 1f : 0f).ToArray(), device: old.device);
            var score = tensor(scores, device: old.device).to(old.dtype);
            // The score and the KL apart, so that the score can lie behind the last token.
            var kl = how.Beta == 0 ? zeros_like(old) : (how with { TokenClip = null }).Place(zeros_like(score), old, reference, tokens).Rewards;
            var both = kl + Placed((how with { Beta = 0, TokenClip = null }).Place(score, old, null, tokens, ended).Rewards, answers);
            return how.TokenClip is { } bound ? both.clamp(-bound, bound) : both;
        }

        var scores = answers.Scores.Select((s, r) => s + (float)(options.Overlong?.Of(answers.Rows[r].Ids.Count) ?? 0)).ToArray();
        var rewards = Rewards(scores, placement);
        if (options.WhitenRewards)
            rewards = Whitening.KeepMean(rewards, counted);
        var rollout = new Rollout
        {
            Scores = rewards.sum(-1),
            TokenRewards = rewards,
            Mask = counted,
            GroupSize = answers.Samples,
            KlWeight = placement.Beta,
            Values = answers[Grids.Values],
            ScoresByReward = answers.ScoresByReward is { } parts ? tensor(parts.SelectMany(p => p).ToArray(), [parts.Length, parts[0].Length], device: old.device).to(old.dtype) : null,
            RewardWeights = answers.RewardWeights is { } weights ? tensor(weights, device: old.device).to(old.dtype) : null,
            GreedyScores = answers.GreedyScores is { } greedy ? tensor(greedy.SelectMany(g => Enumerable.Repeat(g, answers.Samples)).ToArray(), device: old.device).to(old.dtype) : null,
        };
        var estimate = Estimate(rollout, tokens);
        var (advantages, metrics) = (estimate.Advantages, estimate.Metrics.ToDictionary(m => m.Key, m => m.Value.to(ScalarType.Float64).item<double>()));
        answers[Grids.Returns] = estimate.Returns;
        if (lagrange is not null)
        {
            var costs = Estimate(rollout with { TokenRewards = Rewards(answers.Costs!, placement with { Beta = -placement.Beta, MissingEndPenalty = 0 }), Values = answers[Grids.CostValues] }, tokens);
            answers[Grids.CostReturns] = costs.Returns;
            advantages = Lagrange.Combine(advantages, costs.Advantages, multiplier);
        }

        answers[Grids.Advantages] = advantages;
        if (reference is not null)
            metrics["kl_to_reference"] = ((old - reference) * tokens).sum(-1).mean().to(ScalarType.Float64).item<double>();
        return metrics;
    }

    // Whitening is over tokens alone, not over a position behind them.
    private AdvantageEstimate Estimate(Rollout rollout, Tensor tokens)
    {
        if (options.ScorePosition == ScorePosition.LastToken || objective.Advantage is not GeneralisedAdvantage { Whiten: true } whitening)
            return objective.Advantage.Estimate(rollout);
        var raw = (whitening with { Whiten = false }).Estimate(rollout);
        return raw with { Advantages = Whitening.Apply(raw.Advantages, tokens) };
    }

    // Moves the scores one position on, where there is one.
    private Tensor Placed(Tensor scores, Answers answers)
    {
        if (options.ScorePosition == ScorePosition.LastToken)
            return scores;
        var moved = cat([zeros_like(scores.narrow(1, 0, 1)), scores.narrow(1, 0, scores.size(1) - 1)], 1);
        var moves = tensor(answers.Rows.Select((r, i) => ValueLength(answers, i) > r.Ids.Count).ToArray(), device: scores.device).unsqueeze(1);
        return where(moves, moved, scores);
    }

    private static Tensor Padded(Tensor grid, long width) => grid.size(1) == width ? grid : cat([grid, zeros(grid.size(0), width - grid.size(1), grid.dtype, grid.device)], 1);
}
