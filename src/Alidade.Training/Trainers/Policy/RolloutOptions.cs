using Alidade.Core;
using Alidade.Training.Objectives.Reinforcement;

namespace Alidade.Training.Trainers.Policy;

/// <summary>What becomes of groups whose answers all have one reward, so that they say nothing about which is better.</summary>
public enum EqualGroups
{
    /// <summary>They stay, with advantage 0; counted.</summary>
    Keep,

    /// <summary>They are left out and counted.</summary>
    Drop,

    /// <summary>They are left out and counted, and further prompts are sampled until the rollout is full: DAPO's dynamic sampling.</summary>
    Replace,
}

/// <summary>When the learning rate moves on along its schedule.</summary>
public enum RateStep
{
    /// <summary>With every update.</summary>
    Update,

    /// <summary>With every rollout, as TRL's PPO.</summary>
    Rollout,
}

/// <summary>Over what the losses of an update's micro-batches are normalised.</summary>
public enum NormaliserScope
{
    /// <summary>The answers of the update: its gradient does not depend on how they are cut into micro-batches.</summary>
    Update,

    /// <summary>Each micro-batch's own answers, and micro-batches are averaged: TRL's PPO.</summary>
    MicroBatch,

    /// <summary>The update's share of the rollout, so that all updates of one rollout weigh tokens alike: TRL's <c>dapo</c> and <c>cispo</c>.</summary>
    Rollout,
}

/// <summary>Which position carries the score of an answer.</summary>
public enum ScorePosition
{
    /// <summary>Its last token.</summary>
    LastToken,

    /// <summary>The position after it, where there is one below the limit of tokens: TRL's PPO, whose critic thereby learns a value that no token has.</summary>
    AfterLastToken,
}

/// <summary>
/// How answers are sampled and how often they are learned from. A rollout is <see cref="Prompts"/> × <see cref="Samples"/> answers; an update sees
/// <see cref="TrainingOptions.BatchRows"/> × <see cref="TrainingOptions.Accumulation"/> of them.
/// </summary>
public sealed record RolloutOptions
{
    /// <summary>Prompts of one rollout. Default 8.</summary>
    public int Prompts { get; init; } = 8;

    /// <summary>Answers to each prompt. Default 8, as TRL's GRPO.</summary>
    public int Samples { get; init; } = 8;

    /// <summary>Most tokens of an answer. Default 256, as TRL's GRPO.</summary>
    public int MaxNewTokens { get; init; } = 256;

    /// <summary>
    /// Temperature of sampling, above 0. Default 1, as TRL's GRPO. Log-probabilities are those of logits divided by it, in sampling and in training alike; there are no
    /// filters, whose distribution would be another one than the policy's.
    /// </summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Passes over each rollout (μ). Default 1.</summary>
    public int Iterations { get; init; } = 1;

    /// <summary>Answers that are decoded together. Default 64: more are faster, and take memory for their keys and values.</summary>
    public int DecodingRows { get; init; } = 64;

    /// <summary>Groups of equal reward. Default kept, as TRL.</summary>
    public EqualGroups EqualGroups { get; init; } = EqualGroups.Keep;

    /// <summary>Further samplings for one rollout at most, where groups are replaced. Default 8; what is still missing then is missing, and counted.</summary>
    public int MostResamplings { get; init; } = 8;

    /// <summary>Learn nothing from answers that reached the limit; their rewards still count in their groups. Default false (TRL <c>mask_truncated_completions</c>).</summary>
    public bool MaskTruncated { get; init; }

    /// <summary>
    /// By how many nats the trainer's log-probability of a sampled token may differ from the sampler's while the weights are those that sampled; beyond it the importance
    /// ratio is not 1 where it must be, and training stops. Default 0.01: float32 differs by about 1e-5.
    /// </summary>
    public double SamplerTolerance { get; init; } = 0.01;

    /// <summary>When the learning rate moves on. Default with every update.</summary>
    public RateStep RateStep { get; init; } = RateStep.Update;

    /// <summary>Over what losses are normalised. Default the answers of the update.</summary>
    public NormaliserScope NormaliserScope { get; init; } = NormaliserScope.Update;

    /// <summary>Which position carries the score. Default the last token.</summary>
    public ScorePosition ScorePosition { get; init; } = ScorePosition.LastToken;

    /// <summary>Standardise the rewards of tokens over the rollout, keeping their mean. Default false (TRL's PPO <c>whiten_rewards</c>).</summary>
    public bool WhitenRewards { get; init; }

    /// <summary>What long answers lose; null for nothing.</summary>
    public OverlongPenalty? Overlong { get; init; }

    /// <summary>Moves the weight of the KL, in the loss or in the reward, after every rollout; null keeps it.</summary>
    public AdaptiveKl? AdaptiveKl { get; init; }

    /// <summary>How often a training with these rollouts samples and updates.</summary>
    internal RolloutPlan PlanFor(int prompts, TrainingOptions options) => RolloutPlan.Of(this, prompts, options);

    /// <summary>All that is wrong, in one error.</summary>
    /// <exception cref="AlidadeException">A setting is out of its range.</exception>
    public void Validate()
    {
        var problems = new List<string>();
        void Check(bool right, string problem)
        {
            if (!right)
                problems.Add(problem);
        }

        Check(Prompts >= 1, $"prompts {Prompts} (at least 1)");
        Check(Samples >= 1, $"samples {Samples} (at least 1)");
        Check(MaxNewTokens >= 1, $"max new tokens {MaxNewTokens} (at least 1)");
        Check(Temperature > 0 && double.IsFinite(Temperature), FormattableString.Invariant($"temperature {Temperature} (above 0)"));
        Check(Iterations >= 1, $"iterations {Iterations} (at least 1)");
        Check(DecodingRows >= 1, $"decoding rows {DecodingRows} (at least 1)");
        Check(MostResamplings >= 0, $"resamplings {MostResamplings} (at least 0)");
        Check(SamplerTolerance > 0, FormattableString.Invariant($"sampler tolerance {SamplerTolerance} (above 0)"));
        if (problems.Count > 0)
            throw new AlidadeException($"rollout settings are out of range: {string.Join("; ", problems)}");
    }
}
