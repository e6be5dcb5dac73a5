using Alidade.Training.Objectives.Reinforcement.Advantages;
using Alidade.Training.Objectives.Reinforcement.Aggregations;
using Alidade.Training.Objectives.Reinforcement.Ratios;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>The published methods as combinations, with the defaults of their sources.</summary>
public static class PolicyObjectives
{
    /// <summary>PPO with a critic: clipped ratio, generalised advantages, the KL in the reward.</summary>
    /// <remarks>Ouyang et al. 2022 (arXiv 2203.02155); numbers of TRL's PPO: β 0.05 as k1 in the reward, ε 0.2, γ 1, λ 0.95, value clip 0.2, weight 0.1.</remarks>
    public static PolicyObjective Ppo => new()
    {
        Name = "ppo",
        Advantage = new GeneralisedAdvantage(),
        Loss = new ClippedRatio(),
        Aggregation = new TokenMean(),
        RewardKl = new(),
        Critic = new(),
    };

    /// <summary>NLPO: PPO whose answers are made of the tokens that a lagging copy of the policy finds likely (<see cref="TokenMask"/>).</summary>
    /// <remarks>Ramamurthy et al. 2022 (arXiv 2210.01241), alg. 1; numbers of RL4LMs (<c>nlpo.py</c>): top-p 0.9 of at least 100 tokens, γ 0.99, λ 0.95, ε 0.2, values not clipped, with the weight 1 (its 0.5 stands before a mean of squares without ½). The KL and its weight are PPO's, and so is the standardisation of the advantages over a rollout (RL4LMs: over a minibatch).</remarks>
    public static PolicyObjective Nlpo => Ppo with
    {
        Name = "nlpo",
        Advantage = new GeneralisedAdvantage { Gamma = 0.99 },
        Mask = new(),
        Critic = new() { Weight = 1, Clip = null },
    };

    /// <summary>REINFORCE with the other answers as the baseline.</summary>
    /// <remarks>Ahmadian et al. 2024 (arXiv 2402.14740); numbers of TRL: β 0.05, ε 0.2 on the ratio of whole answers.</remarks>
    public static PolicyObjective Rloo => new()
    {
        Name = "rloo",
        Advantage = new LeaveOneOut(),
        Loss = new ClippedRatio { Level = RatioLevel.SequenceProduct },
        Aggregation = new SequenceMean(),
        RewardKl = new(),
    };

    /// <summary>REINFORCE with the greedy answer as the baseline.</summary>
    /// <remarks>Li et al. 2023 (arXiv 2310.10505); β 0.05 in the reward.</remarks>
    public static PolicyObjective Remax => new()
    {
        Name = "remax",
        Advantage = new GreedyBaseline(),
        Loss = new PolicyGradient(),
        Aggregation = new SequenceSum(),
        RewardKl = new(),
    };

    /// <summary>REINFORCE++: returns to go whitened over the batch, clipped ratio.</summary>
    /// <remarks>Hu 2025 (arXiv 2501.03262); numbers of OpenRLHF: β 0.01 as k1 in the reward, score ±10, ε 0.2.</remarks>
    public static PolicyObjective ReinforcePlusPlus => new()
    {
        Name = "reinforce_plus_plus",
        Advantage = new ReturnToGo(),
        Loss = new ClippedRatio(),
        Aggregation = new TokenMean(),
        RewardKl = new() { Beta = 0.01, ScoreClip = 10 },
    };

    /// <summary>REINFORCE++ with the group's mean as the baseline.</summary>
    /// <remarks>Hu 2025 (arXiv 2501.03262), with k2 in the loss, weight 0.01.</remarks>
    public static PolicyObjective ReinforcePlusPlusBaseline => new()
    {
        Name = "reinforce_plus_plus_baseline",
        Advantage = new GroupMeanWhitened(),
        Loss = new ClippedRatio(),
        Aggregation = new TokenMean(),
        LossKl = new() { Beta = 0.01, Estimator = KlEstimator.K2 },
    };

    /// <summary>Group-relative policy optimisation.</summary>
    /// <remarks>Shao et al. 2024 (arXiv 2402.03300): β 0.04 as k3, ε 0.2, mean of the answers' token means.</remarks>
    public static PolicyObjective Grpo => new()
    {
        Name = "grpo",
        Advantage = new GroupRelative(),
        Loss = new ClippedRatio(),
        Aggregation = new SequenceMean(),
        LossKl = new(),
    };

    /// <summary>GRPO without its biases: no division by the standard deviation, a constant length.</summary>
    /// <remarks>Liu et al. 2025 (arXiv 2503.20783); β 0.</remarks>
    /// <param name="maxTokens">Largest number of tokens of an answer; null leaves it to the recipe's rollouts.</param>
    public static PolicyObjective DrGrpo(int? maxTokens) => new()
    {
        Name = "dr_grpo",
        Advantage = new GroupRelative { Scale = GroupScale.None },
        Loss = new ClippedRatio(),
        Aggregation = new ConstantLength { Tokens = maxTokens },
    };

    /// <summary>DAPO: clip-higher 0.28, token mean, no KL.</summary>
    /// <remarks>Yu et al. 2025 (arXiv 2503.14476). Groups of equal rewards and overlong answers: <see cref="DynamicSampling"/>, <see cref="OverlongPenalty"/>.</remarks>
    public static PolicyObjective Dapo => new()
    {
        Name = "dapo",
        Advantage = new GroupRelative(),
        Loss = new ClippedRatio { EpsilonHigh = 0.28 },
        Aggregation = new TokenMean(),
    };

    /// <summary>GRPO with the ratio of whole answers.</summary>
    /// <remarks>Zheng et al. 2025 (arXiv 2507.18071), sec. 5.1: ε 3e-4 and 4e-4, no KL.</remarks>
    public static PolicyObjective Gspo => new()
    {
        Name = "gspo",
        Advantage = new GroupRelative(),
        Loss = new ClippedRatio { Level = RatioLevel.SequenceMean, EpsilonLow = 3e-4, EpsilonHigh = 4e-4 },
        Aggregation = new SequenceMean(),
    };

    /// <summary>Clipped importance weights without gradient.</summary>
    /// <remarks>MiniMax-M1 2025 (arXiv 2506.13585); bound as TRL recommends.</remarks>
    public static PolicyObjective Cispo => new()
    {
        Name = "cispo",
        Advantage = new GroupRelative(),
        Loss = new Ratios.Cispo(),
        Aggregation = new TokenMean(),
    };

    /// <summary>GRPO with a soft gate in place of the clip.</summary>
    /// <remarks>Gao et al. 2025 (arXiv 2511.20347).</remarks>
    public static PolicyObjective Sapo => new()
    {
        Name = "sapo",
        Advantage = new GroupRelative(),
        Loss = new Ratios.Sapo(),
        Aggregation = new SequenceMean(),
    };

    /// <summary>The geometric mean of the ratios.</summary>
    /// <remarks>Zhao et al. 2025 (arXiv 2507.20673).</remarks>
    public static PolicyObjective Gmpo => new()
    {
        Name = "gmpo",
        Advantage = new GroupRelative(),
        Loss = new Ratios.Gmpo(),
        Aggregation = new SequenceMean(),
    };

    /// <summary>Group policy gradient, no ratio.</summary>
    /// <remarks>Chu et al. 2025 (arXiv 2504.02546).</remarks>
    public static PolicyObjective Gpg => new()
    {
        Name = "gpg",
        Advantage = new ScaledGroupMean(),
        Loss = new PolicyGradient(),
        Aggregation = new TokenMean(),
    };

    /// <summary>GRPO with a smooth bump over the ratio of whole answers (VESPO).</summary>
    /// <remarks>Shen et al. 2026 (arXiv 2602.10693); as TRL 1.16 <c>loss_type="vespo"</c>, with its numbers.</remarks>
    public static PolicyObjective Vespo => new()
    {
        Name = "vespo",
        Advantage = new GroupRelative(),
        Loss = new Ratios.Vespo(),
        Aggregation = new TokenMean(),
    };

    /// <summary>GRPO whose tokens of high covariance lose their gradient.</summary>
    /// <remarks>Cui et al. 2025 (arXiv 2505.22617).</remarks>
    public static PolicyObjective ClipCov => new()
    {
        Name = "clip_cov",
        Advantage = new GroupRelative(),
        Loss = new Ratios.ClipCov(),
        Aggregation = new TokenMean(),
    };

    /// <summary>GRPO whose tokens of high covariance are held to the old policy.</summary>
    /// <remarks>Cui et al. 2025 (arXiv 2505.22617).</remarks>
    public static PolicyObjective KlCov => new()
    {
        Name = "kl_cov",
        Advantage = new GroupRelative(),
        Loss = new Ratios.KlCov(),
        Aggregation = new TokenMean(),
    };

    /// <summary>The plain policy gradient with the mean of the other answers as the baseline.</summary>
    /// <remarks>Williams 1992.</remarks>
    public static PolicyObjective Reinforce => new()
    {
        Name = "reinforce",
        Advantage = new LeaveOneOut(),
        Loss = new PolicyGradient(),
        Aggregation = new SequenceSum(),
    };

    /// <summary>
    /// Nash-MD: REINFORCE on the probability of winning against a mixture of policy and base (<see cref="PolicyObjective.Opponent"/>), less ½, with the KL of the whole answer in the reward.
    /// </summary>
    /// <remarks>
    /// Munos et al. 2023 (arXiv 2312.00886), sec. 7; β 0.1 and a mixture of ½ as TRL. TRL credits each token with its own log-ratio alone, which is biased: what a token does to
    /// later log-ratios is dropped. Its gradient is that of k2 in the loss (<c>reward_kl.beta</c> 0, <c>loss_kl</c> with β 0.1 and k2).
    /// </remarks>
    public static PolicyObjective NashMd => new()
    {
        Name = "nash_md",
        Advantage = new ConstantBaseline { Value = 0.5 },
        Loss = new PolicyGradient(),
        Aggregation = new SequenceSum(),
        RewardKl = new() { Beta = 0.1 },
        Opponent = 0.5,
    };

    /// <summary>
    /// f-DPG: approaches the target π°·e^(R/β)/Z, with Z of each prompt estimated from its answers; the advantage is −f′(π/p) less that of the other answers.
    /// </summary>
    /// <remarks>Go et al. 2023 (arXiv 2302.08215), eq. 5; Z of each prompt as in conditional DPG (Korbak et al. 2021, arXiv 2112.00791). β 0.1.</remarks>
    public static PolicyObjective FDpg => new()
    {
        Name = "f_dpg",
        Advantage = new Reinforcement.FDpg(),
        Loss = new PolicyGradient(),
        Aggregation = new SequenceSum(),
        RewardKl = new() { Beta = 0.1 },
    };

    /// <summary>Every method, by name.</summary>
    /// <param name="maxTokens">Largest number of tokens of an answer: the constant length of Dr. GRPO; null leaves it to the recipe's rollouts.</param>
    public static IReadOnlyList<PolicyObjective> All(int? maxTokens) =>
    [
        Ppo, Nlpo, Rloo, Remax, Reinforce, ReinforcePlusPlus, ReinforcePlusPlusBaseline, Grpo, DrGrpo(maxTokens), Dapo, Gspo, Cispo, Sapo, Gmpo, Gpg, Vespo, ClipCov, KlCov, NashMd, FDpg,
    ];
}
