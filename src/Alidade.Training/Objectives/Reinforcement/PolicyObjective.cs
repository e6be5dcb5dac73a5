using Alidade.Core;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using Alidade.Training.Objectives.Reinforcement.Aggregations;
using Alidade.Training.Objectives.Reinforcement.Ratios;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// A policy objective: advantage estimator × ratio loss × aggregation, with what may stand beside them. The published methods are combinations, named in <see cref="PolicyObjectives"/>.
/// </summary>
public sealed record PolicyObjective
{
    /// <summary>The name that runs and messages use, such as "grpo".</summary>
    public required string Name { get; init; }

    /// <summary>How good an answer was.</summary>
    public required IAdvantageEstimator Advantage { get; init; }

    /// <summary>What a token loses at its advantage.</summary>
    public required IRatioLoss Loss { get; init; }

    /// <summary>How tokens become one number.</summary>
    public required ILossAggregation Aggregation { get; init; }

    /// <summary>How a KL enters the reward; null for a reward without one.</summary>
    public RewardPlacement? RewardKl { get; init; }

    /// <summary>A KL as a part of the loss; null for none.</summary>
    public KlPenalty? LossKl { get; init; }

    /// <summary>Weight ≥ 0 of the entropy that is added to what is maximised. Default 0, as TRL, verl and OpenRLHF.</summary>
    public double EntropyBonus { get; init => field = OptionCheck.NotNegative("policy_objective", value); }

    /// <summary>Correction for a sampler whose arithmetic differs from the trainer's; null for none.</summary>
    public ImportanceCorrection? Correction { get; init; }

    /// <summary>Learn from the tokens of high entropy alone; null for all tokens.</summary>
    public HighEntropyMask? HighEntropy { get; init; }

    /// <summary>Learn nothing from answers that are worse than expected and that the policy has moved away from since it sampled them; null for all answers.</summary>
    public OffPolicySequenceMask? OffPolicy { get; init; }

    /// <summary>
    /// m in [0, 1] of Nash-MD: the reward of an answer is how probably it is preferred to one of the mixture π^(1−m)·π°^m of the policy and its base
    /// (<see cref="Rewards.MixtureOpponent"/>). Null for the reward as it is.
    /// </summary>
    public double? Opponent { get; init => field = value is { } m ? OptionCheck.Share("policy_objective", m) : null; }

    /// <summary>Which tokens answers are made of; null for all.</summary>
    public TokenMask? Mask { get; init; }

    /// <summary>The critic's loss; null where the advantage needs no critic.</summary>
    public ValueLoss? Critic { get; init; }

    /// <summary>True when log-probabilities under the reference enter, so that a trainer has to compute them.</summary>
    public bool NeedsReference => LossKl is { Beta: > 0 } || RewardKl is { Beta: not 0 };

    /// <summary>Weight of the KL that enters: the loss's where it has one, else the reward's; 0 without any.</summary>
    internal double KlWeight => LossKl is { Beta: > 0 } loss ? loss.Beta : RewardKl?.Beta ?? 0;

    /// <summary>True when the entropy of the full next-token distribution enters.</summary>
    public bool NeedsEntropy => EntropyBonus > 0 || HighEntropy is not null;

    /// <summary>Loss, metrics, and the ratio as an output.</summary>
    /// <param name="tokens">Log-probabilities of the sampled tokens.</param>
    /// <param name="advantages">From <see cref="Advantage"/>: [rows] or [rows, positions].</param>
    /// <param name="normaliser">From <see cref="ILossAggregation.NormaliserOf"/> over the whole accumulation window; null when the batch is the window.</param>
    /// <exception cref="AlidadeException">Something that is needed was not given.</exception>
    public Objective Evaluate(PolicyTokens tokens, Tensor advantages, double? normaliser = null)
    {
        if (advantages.size(0) != tokens.Mask.size(0) || (advantages.dim() == 2 && advantages.size(1) != tokens.Mask.size(1)) || advantages.dim() is not (1 or 2))
            throw new AlidadeException($"advantages have shape [{string.Join(", ", advantages.shape)}] for answers of [{string.Join(", ", tokens.Mask.shape)}] tokens");
        var part = Loss.Evaluate(tokens, advantages.detach());
        var metrics = new Dictionary<string, Tensor>(part.Metrics);
        var losses = part.Values;
        if (Correction is not null)
            losses *= Correction.Weights(tokens, metrics);
        if (HighEntropy is not null)
            losses *= HighEntropy.Keep(tokens);
        if (OffPolicy is not null)
        {
            var (_, keep) = OffPolicy.Evaluate(tokens.LogProbs, tokens.Sampler ?? tokens.Old, tokens.Mask, advantages.dim() == 1 ? advantages : Masked.RowMeans(advantages, tokens.Mask).squeeze(1));
            metrics["off_policy_dropped"] = 1 - keep.mean();
            losses *= keep.unsqueeze(1);
        }

        if (LossKl is { Beta: > 0 })
        {
            var kl = LossKl.Evaluate(tokens, part.Ratio);
            metrics["kl"] = Masked.Mean(kl.detach(), tokens.Mask);
            losses += LossKl.Beta * kl;
        }

        if (EntropyBonus > 0)
            losses -= EntropyBonus * (tokens.Entropy ?? throw new AlidadeException("an entropy bonus needs the entropy of each token, and none was given"));
        losses = Masked.Keep(losses, tokens.Mask);
        if (tokens.Entropy is { } entropy)
            metrics["entropy"] = Masked.Mean(entropy.detach(), tokens.Mask);
        var outputs = new Dictionary<string, Tensor>(part.Outputs) { ["ratio"] = part.Ratio.size(1) == tokens.Mask.size(1) ? Masked.Keep(part.Ratio.detach(), tokens.Mask) : part.Ratio.detach() };
        return new(Aggregation.Sum(losses, tokens.Mask) / (normaliser ?? Aggregation.NormaliserOf(LengthsOf(tokens))), losses.detach()) { Metrics = metrics, Outputs = outputs };
    }

    private static int[] LengthsOf(PolicyTokens tokens)
    {
        using var scope = NewDisposeScope();
        return [.. tokens.Mask.ne(0).sum(-1).cpu().data<long>().ToArray().Select(n => (int)n)];
    }
}
