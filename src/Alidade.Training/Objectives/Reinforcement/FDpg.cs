using Alidade.Core;
using Alidade.Training.Objectives.Reinforcement.Advantages;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>The divergence that <see cref="FDpg"/> makes small, between the policy π and the target p, with t = π/p.</summary>
public enum FDivergence
{
    /// <summary>KL(p‖π): f′ = −1/t. This is DPG.</summary>
    Kl,

    /// <summary>KL(π‖p): f′ = 1 + log t. With P = π°·e^(R/β) this is RL with a KL penalty.</summary>
    ReverseKl,

    /// <summary>Jensen–Shannon: f′ = log(2t/(1 + t)).</summary>
    JensenShannon,

    /// <summary>Total variation: f′ = ½·sign(t − 1).</summary>
    TotalVariation,
}

/// <summary>
/// f-DPG: approaches a target distribution p = P/Z from samples of a proposal q: ∇ = E_q[(π/q)·f′(π/p)·∇log π].
/// </summary>
/// <remarks>
/// Go et al. 2023 (arXiv 2302.08215), eq. 5, alg. 1; disco. P may be any score that is not negative, such as π°·e^(R/β) (<see cref="RewardTarget"/>). Z and the baseline of the
/// pseudo-reward −f′ are running means, in <see cref="FDpgState"/>.
/// </remarks>
public sealed record FDpg : IAdvantageEstimator
{
    /// <summary>Divergence. Default Jensen–Shannon, which the paper finds to trade off best.</summary>
    public FDivergence Divergence { get; init; } = FDivergence.JensenShannon;

    /// <summary>Take the mean of other pseudo-rewards off: of earlier ones, or of the other answers to the prompt. Default true, as disco.</summary>
    public bool Baseline { get; init; } = true;

    /// <summary>The name that runs and messages use.</summary>
    public string Name => "f_dpg";

    /// <inheritdoc/>
    public int SmallestGroup => 2;

    /// <summary>
    /// Pseudo-rewards of answers of the policy itself under the target π°·e^(R/β): their scores with the KL in them are β·log(P/π), from which log t = log Z − log(P/π), Z the mean
    /// of P/π over the answers to the prompt. The baseline is that of the other answers to it.
    /// </summary>
    /// <exception cref="AlidadeException">The reward holds no KL of weight above 0, or there is one answer to a prompt.</exception>
    public AdvantageEstimate Estimate(Rollout rollout)
    {
        if (!(rollout.KlWeight > 0))
            throw new AlidadeException($"{Name} approaches π°·e^(R/β), and the KL in the reward has no weight β above 0: set objective.reward_kl.beta");
        GroupStatistics.RequireTwo(rollout.Groups);
        var logWeights = rollout.Groups / rollout.KlWeight;
        var logZ = logWeights.logsumexp(1, keepdim: true) - Math.Log(logWeights.size(1));
        var pseudoRewards = -Derivative(logZ - logWeights);
        var advantages = Baseline ? pseudoRewards - LeaveOneOut.Baselines(pseudoRewards) : pseudoRewards;
        return new(advantages.reshape(-1)) { Metrics = new Dictionary<string, Tensor> { ["pseudo_reward"] = pseudoRewards.mean(), ["log_z"] = logZ.mean() } };
    }

    /// <summary>log P of the target of RL with a KL penalty: log π° + R/β.</summary>
    /// <param name="reference">ℓ° of each answer, [rows].</param>
    /// <param name="rewards">R of each answer, [rows].</param>
    /// <param name="beta">β above 0.</param>
    public static Tensor RewardTarget(Tensor reference, Tensor rewards, double beta) => reference + (rewards / OptionCheck.Positive("f_dpg", beta, "f-DPG's beta"));

    /// <summary>Loss (mean over the samples) and, as outputs, pseudo-rewards, advantages and importance ratios.</summary>
    /// <param name="policy">log π of each sample, [rows]; differentiable.</param>
    /// <param name="proposal">log q of each sample, [rows].</param>
    /// <param name="target">log P of each sample, [rows].</param>
    /// <param name="state">With this batch's Z (<see cref="FDpgState.WithSamples"/>) and the baseline of earlier batches.</param>
    public Objective Evaluate(Tensor policy, Tensor proposal, Tensor target, FDpgState state)
    {
        if (state.LogZ is not { } logZ)
            throw new AlidadeException("f-DPG needs an estimate of Z: add the batch's samples to the state first");
        var fixedPolicy = policy.detach();
        var logT = fixedPolicy - (target.detach() - logZ);
        var pseudoReward = -Derivative(logT);
        var advantage = Baseline && state.Baseline is { } b ? pseudoReward - b : pseudoReward;
        var ratio = (fixedPolicy - proposal.detach()).exp();
        var loss = -ratio * advantage * policy;
        return new(loss.mean(), loss)
        {
            Metrics = new Dictionary<string, Tensor> { ["pseudo_reward"] = pseudoReward.mean(), ["importance_ratio"] = ratio.mean() },
            Outputs = new Dictionary<string, Tensor> { ["pseudo_reward"] = pseudoReward, ["advantage"] = advantage, ["importance_ratio"] = ratio },
        };
    }

    private Tensor Derivative(Tensor logT) => Divergence switch
    {
        FDivergence.Kl => -(-logT).exp(),
        FDivergence.ReverseKl => logT + 1,
        FDivergence.JensenShannon => Math.Log(2) + nn.functional.logsigmoid(logT),
        FDivergence.TotalVariation => logT.sign() / 2,
        _ => throw new AlidadeException($"there is no divergence {(int)Divergence}"),
    };
}

/// <summary>The running means of f-DPG; immutable, so that a checkpoint can hold any of them.</summary>
/// <param name="Samples">Samples seen.</param>
/// <param name="MeanWeight">Mean of P/q over all of them: the estimate of Z.</param>
/// <param name="Recent">The last pseudo-rewards, oldest first, at most <see cref="Memory"/>.</param>
public sealed record FDpgState(long Samples, double MeanWeight, IReadOnlyList<double> Recent)
{
    /// <summary>Pseudo-rewards that the baseline is taken over. As disco.</summary>
    public const int Memory = 1024;

    /// <summary>Before the first batch.</summary>
    public static FDpgState Start { get; } = new(0, 0, []);

    /// <summary>log Z; null before the first sample.</summary>
    public double? LogZ => Samples == 0 ? null : Math.Log(MeanWeight);

    /// <summary>Mean of the recent pseudo-rewards; null before the first.</summary>
    public double? Baseline => Recent.Count == 0 ? null : Recent.Average();

    /// <summary>With the weights P/q of a batch; called before the batch is evaluated.</summary>
    /// <param name="logWeights">log P − log q of each sample.</param>
    /// <exception cref="AlidadeException">A weight is not a number, or all are 0.</exception>
    public FDpgState WithSamples(IReadOnlyList<double> logWeights)
    {
        var sum = logWeights.Sum(Math.Exp);
        if (!double.IsFinite(sum) || (MeanWeight * Samples) + sum <= 0)
            throw new AlidadeException($"the sum of the target's weights over {logWeights.Count} samples is {sum}; the target has to be above 0 on some samples and finite on all");
        return this with { Samples = Samples + logWeights.Count, MeanWeight = ((MeanWeight * Samples) + sum) / (Samples + logWeights.Count) };
    }

    /// <summary>With the pseudo-rewards of a batch; called after the batch was evaluated.</summary>
    /// <param name="pseudoRewards">Of each sample, in order.</param>
    public FDpgState WithRewards(IReadOnlyList<double> pseudoRewards) => this with { Recent = [.. Recent.Concat(pseudoRewards).TakeLast(Memory)] };
}
