using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// Rewards of tokens from the score of an answer: −β·kl_t on every token, and the score on the last one.
/// </summary>
/// <remarks>
/// Stiennon et al. 2020 (arXiv 2009.01325), Ouyang et al. 2022 (arXiv 2203.02155), eq. 2. The last token is the last that counts, the end token included, as OpenRLHF and
/// safe-rlhf have it; TRL's PPO and torchtune put the score one position later, where no token stands.
/// </remarks>
public sealed record RewardPlacement
{
    /// <summary>Weight β of the KL in the reward. Default 0.05, as TRL's PPO. A negative weight adds the KL, as to the costs of Safe RLHF.</summary>
    public double Beta { get; init => field = OptionCheck.Finite("reward_placement", value); } = 0.05;

    /// <summary>Estimate. Default k1, as every reference.</summary>
    public KlEstimator Estimator { get; init; } = KlEstimator.K1;

    /// <summary>Scores are cut to ±this; null for no limit. Default null (OpenRLHF 10, safe-rlhf 50).</summary>
    public double? ScoreClip { get; init => field = value is { } v ? OptionCheck.Positive("reward_placement", v) : null; }

    /// <summary>The finished rewards of tokens are cut to ±this; null for no limit. Default null (safe-rlhf 50).</summary>
    public double? TokenClip { get; init => field = value is { } v ? OptionCheck.Positive("reward_placement", v) : null; }

    /// <summary>Taken from the score of an answer that did not end by itself. Default 0 (TRL: null).</summary>
    public double MissingEndPenalty { get; init => field = OptionCheck.Finite("reward_placement", value); }

    /// <summary>Rewards [rows, positions], 0 outside the mask, and the index of the token that carries the score, [rows].</summary>
    /// <param name="score">[rows].</param>
    /// <param name="logProbs">log π of the policy that sampled, [rows, positions].</param>
    /// <param name="reference">[rows, positions]; null is allowed where <see cref="Beta"/> is 0.</param>
    /// <param name="mask">[rows, positions].</param>
    /// <param name="ended">[rows], not 0 where an answer ended by itself; null for all of them.</param>
    /// <exception cref="AlidadeException">An answer has no token to carry its score.</exception>
    public (Tensor Rewards, Tensor LastIndex) Place(Tensor score, Tensor logProbs, Tensor? reference, Tensor mask, Tensor? ended = null)
    {
        PolicyTokens.RequireTokens(mask);
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        if (ScoreClip is { } limit)
            score = score.clamp(-limit, limit);
        if (ended is not null && MissingEndPenalty != 0)
            score -= ended.eq(0).to(score.dtype) * MissingEndPenalty;
        var kl = Beta == 0
            ? zeros_like(logProbs)
            : Masked.Keep(KlEstimators.Of(Estimator, logProbs, reference ?? throw new AlidadeException("a KL in the reward needs log-probabilities under the reference")), mask);
        var last = Masked.LastIndex(mask);
        var rewards = (-Beta * kl).scatter_add(1, last.unsqueeze(1), score.to(logProbs.dtype).unsqueeze(1));
        if (TokenClip is { } bound)
            rewards = rewards.clamp(-bound, bound);
        return (rewards.MoveToOuterDisposeScope(), last.MoveToOuterDisposeScope());
    }
}
