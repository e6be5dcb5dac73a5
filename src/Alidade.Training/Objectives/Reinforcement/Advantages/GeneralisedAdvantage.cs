using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// Generalised advantage estimation: δ_t = r_t + γ·V_(t+1) − V_t, A_t = δ_t + γλ·A_(t+1), returns G = A + V before whitening.
/// </summary>
/// <remarks>
/// Schulman et al. 2015 (arXiv 1506.02438), eq. 16. After the last token V is 0. Masked positions inside an answer (text of a tool) are skipped: the next value and the next
/// advantage come from the next token that counts. OpenRLHF takes them for steps with value and reward 0.
/// </remarks>
public sealed record GeneralisedAdvantage : IAdvantageEstimator
{
    /// <summary>Discount γ in [0, 1]. Default 1, as TRL, verl and OpenRLHF.</summary>
    public double Gamma { get; init => field = OptionCheck.Share("generalised_advantage", value); } = 1;

    /// <summary>λ in [0, 1]: 0 trusts the critic, 1 the rewards. Default 0.95, as TRL (verl and OpenRLHF 1).</summary>
    public double Lambda { get; init => field = OptionCheck.Share("generalised_advantage", value); } = 0.95;

    /// <summary>Standardise the advantages over all tokens. Default true, as every reference.</summary>
    public bool Whiten { get; init; } = true;

    /// <inheritdoc/>
    public string Name => "gae";

    /// <inheritdoc/>
    public bool NeedsValues => true;

    /// <inheritdoc/>
    public AdvantageEstimate Estimate(Rollout rollout)
    {
        var values = rollout.Values ?? throw new AlidadeException("generalised advantage estimation needs the values of a critic, and none were given");
        var (advantages, returns) = Compute(rollout.TokenRewards, values, rollout.Mask);
        return new(Whiten ? Whitening.Apply(advantages, rollout.Mask) : advantages) { Returns = returns };
    }

    /// <summary>Advantages and returns, [rows, positions], 0 outside the mask.</summary>
    /// <param name="rewards">[rows, positions].</param>
    /// <param name="values">[rows, positions]; what stands outside the mask is ignored.</param>
    /// <param name="mask">[rows, positions].</param>
    /// <param name="bootstrap">V after the last token of answers that were cut off, [rows]; null for 0.</param>
    public (Tensor Advantages, Tensor Returns) Compute(Tensor rewards, Tensor values, Tensor mask, Tensor? bootstrap = null)
    {
        PolicyTokens.SameShape(rewards, mask, "rewards");
        PolicyTokens.SameShape(values, mask, "values");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        values = Masked.Keep(values, mask);
        var counts = mask.ne(0);
        var nextValue = bootstrap ?? zeros(rewards.size(0), rewards.dtype, rewards.device);
        var next = zeros_like(nextValue);
        var columns = new Tensor[rewards.size(1)];
        for (var t = columns.Length - 1; t >= 0; t--)
        {
            Tensor real = counts.select(1, t), value = values.select(1, t);
            var advantage = rewards.select(1, t) + (Gamma * nextValue) - value + (Gamma * Lambda * next);
            nextValue = where(real, value, nextValue);
            next = where(real, advantage, next);
            columns[t] = next;
        }

        var advantages = Masked.Keep(stack(columns, 1), mask);
        return (advantages.MoveToOuterDisposeScope(), (advantages + values).MoveToOuterDisposeScope());
    }
}
