using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>Scored answers, all that an advantage estimator sees. Rows run prompt by prompt, <see cref="GroupSize"/> answers to each.</summary>
public sealed record Rollout
{
    /// <summary>One number for each answer, a KL penalty included where the reward has one, of shape [rows].</summary>
    public required Tensor Scores { get; init; }

    /// <summary>1 where a token counts, of shape [rows, positions].</summary>
    public required Tensor Mask { get; init; }

    /// <summary>Rewards of tokens, of shape [rows, positions]; their sums are <see cref="Scores"/>.</summary>
    public required Tensor TokenRewards { get; init; }

    /// <summary>Answers to each prompt. Default 1.</summary>
    public int GroupSize { get; init => field = OptionCheck.Count("rollout", value); } = 1;

    /// <summary>The critic's values before each token, of shape [rows, positions]; null without a critic.</summary>
    public Tensor? Values { get; init; }

    /// <summary>Score of the greedy answer to each row's prompt, of shape [rows]; null when nobody asked for it.</summary>
    public Tensor? GreedyScores { get; init; }

    /// <summary>Score of each answer by each reward, of shape [rows, rewards]; null when there is one reward.</summary>
    public Tensor? ScoresByReward { get; init; }

    /// <summary>Weight of each reward, of shape [rewards]; null when there is one reward.</summary>
    public Tensor? RewardWeights { get; init; }

    /// <summary>Weight β of the KL that the rewards hold; 0 for rewards without one.</summary>
    public double KlWeight { get; init; }

    /// <summary>Scores as [prompts, answers].</summary>
    /// <exception cref="AlidadeException">The rows are no whole number of groups.</exception>
    public Tensor Groups => Scores.size(0) % GroupSize == 0
        ? Scores.view(-1, GroupSize)
        : throw new AlidadeException($"{Scores.size(0)} answers are no whole number of groups of {GroupSize}");

    /// <summary>From the scores of answers.</summary>
    /// <param name="scores">[rows].</param>
    /// <param name="tokens">Log-probabilities of the policy that sampled (<see cref="PolicyTokens.Old"/>) and of the reference.</param>
    /// <param name="groupSize">Answers to each prompt.</param>
    /// <param name="placement">How a KL enters the reward; null for a reward without one.</param>
    /// <param name="ended">[rows], not 0 where an answer ended by itself; null for all of them.</param>
    public static Rollout Of(Tensor scores, PolicyTokens tokens, int groupSize = 1, RewardPlacement? placement = null, Tensor? ended = null)
    {
        var (rewards, _) = (placement ?? new() { Beta = 0 }).Place(scores, tokens.Old, tokens.Reference, tokens.Mask, ended);
        return new() { Scores = rewards.sum(-1), Mask = tokens.Mask, TokenRewards = rewards, GroupSize = groupSize, KlWeight = placement?.Beta ?? 0 };
    }
}
