using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// PPO-Lagrangian: reward under a bound on cost. The advantage is (A_R − λ·A_C)/(1 + λ); log λ ← log λ + rate·(J_C − d)·λ, J_C the mean cost of the last episodes.
/// </summary>
/// <remarks>
/// Safe RLHF, Dai et al. 2023 (arXiv 2310.12773), eq. 10–12 and app. B. λ is updated before the policy. The step on log λ grows with λ, so under costs that stay above the
/// bound λ runs away within some ten updates; therefore <see cref="Largest"/> has a finite default, where safe-rlhf has none. Costs are placed on tokens by
/// <see cref="RewardPlacement"/> with the negative KL weight.
/// </remarks>
public sealed record Lagrange
{
    /// <summary>λ at the start (above 0). Default 1, as safe-rlhf.</summary>
    public double Start { get; init => field = OptionCheck.Positive("lagrange", value); } = 1;

    /// <summary>Rate. Default 0.1, as safe-rlhf.</summary>
    public double Rate { get; init => field = OptionCheck.NotNegative("lagrange", value); } = 0.1;

    /// <summary>Cost d that is allowed. Default 0, as safe-rlhf.</summary>
    public double Threshold { get; init => field = OptionCheck.Finite("lagrange", value); }

    /// <summary>Updates whose mean costs are averaged. Default 128, as safe-rlhf.</summary>
    public int Window { get; init => field = OptionCheck.Count("lagrange", value); } = 128;

    /// <summary>Largest λ (above 0); infinity for none. Default 5, where the reference has none.</summary>
    public double Largest { get; init => field = double.IsPositiveInfinity(value) ? value : OptionCheck.Positive("lagrange", value); } = 5;

    /// <summary>Where λ stands before the first update.</summary>
    public LagrangeState Initial => new(Math.Log(Start), []);

    /// <summary>λ and its window after an update.</summary>
    /// <param name="state">Before it.</param>
    /// <param name="meanCost">Mean cost of the update's answers.</param>
    /// <exception cref="AlidadeException">The cost is not a number.</exception>
    public LagrangeState Next(LagrangeState state, double meanCost)
    {
        double[] costs = [.. state.Costs.Append(OptionCheck.Finite("lagrange", meanCost, "the mean cost of the update")).TakeLast(Window)];
        var logLambda = state.LogLambda + (Rate * (costs.Average() - Threshold) * Math.Exp(state.LogLambda));
        return new(Math.Min(logLambda, Math.Log(Largest)), costs);
    }

    /// <summary>(A_R − λ·A_C)/(1 + λ).</summary>
    /// <param name="reward">A_R, any shape.</param>
    /// <param name="cost">A_C, the same shape.</param>
    /// <param name="lambda">λ of at least 0.</param>
    public static Tensor Combine(Tensor reward, Tensor cost, double lambda) => (reward - (lambda * cost)) / (1 + lambda);
}

/// <summary>The multiplier between two updates.</summary>
/// <param name="LogLambda">log λ.</param>
/// <param name="Costs">Mean costs of the last updates, oldest first.</param>
public sealed record LagrangeState(double LogLambda, IReadOnlyList<double> Costs)
{
    /// <summary>λ.</summary>
    public double Lambda => Math.Exp(LogLambda);
}
