using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>
/// The critic's loss: ½·mean of max((V − G)², (V_old + clip(V − V_old, ±ε) − G)²) over the tokens.
/// </summary>
/// <remarks>Schulman et al. 2017 as implemented in OpenAI baselines; TRL, verl, OpenRLHF.</remarks>
public sealed record ValueLoss
{
    /// <summary>ε above 0; null for no clipping. Default 0.2, as TRL (verl and OpenRLHF 0.5, safe-rlhf 5).</summary>
    public double? Clip { get; init => field = value is { } v ? OptionCheck.Positive("value_loss", v) : null; } = 0.2;

    /// <summary>Weight of this loss beside the policy's when both share a body. Default 0.1, as TRL.</summary>
    public double Weight { get; init => field = OptionCheck.NotNegative("value_loss", value); } = 0.1;

    /// <summary>Loss without <see cref="Weight"/>, with the share of clipped tokens and the explained variance.</summary>
    /// <param name="values">V before each token, [rows, positions]; differentiable.</param>
    /// <param name="oldValues">V when the answers were sampled, [rows, positions].</param>
    /// <param name="returns">G, [rows, positions].</param>
    /// <param name="mask">[rows, positions].</param>
    /// <param name="normaliser">Tokens of the whole accumulation window; null when the batch is the window.</param>
    /// <exception cref="AlidadeException">Shapes disagree, or an answer has no token.</exception>
    public Objective Evaluate(Tensor values, Tensor oldValues, Tensor returns, Tensor mask, double? normaliser = null)
    {
        PolicyTokens.RequireTokens(mask);
        foreach (var (given, what) in new[] { (values, "values"), (oldValues, "old values"), (returns, "returns") })
            PolicyTokens.SameShape(given, mask, what);
        (values, oldValues, returns) = (Masked.Keep(values, mask), Masked.Keep(oldValues, mask).detach(), Masked.Keep(returns, mask).detach());
        var weights = mask.ne(0).to(values.dtype);
        var error = (values - returns).square();
        var metrics = new Dictionary<string, Tensor>();
        if (Clip is { } clip)
        {
            var near = (oldValues + (values - oldValues).clamp(-clip, clip) - returns).square();
            metrics["clip_fraction"] = Masked.Mean(near.gt(error).to(values.dtype), weights);
            error = maximum(error, near);
        }

        metrics["explained_variance"] = 1 - (Spread(returns - values.detach(), weights) / Spread(returns, weights));
        var losses = 0.5 * Masked.Keep(error, mask);
        return new(losses.sum() / (normaliser is { } n ? tensor(n, values.dtype, values.device) : weights.sum()), losses.detach()) { Metrics = metrics };
    }

    private static Tensor Spread(Tensor values, Tensor mask) => Masked.Keep((values - Masked.Mean(values, mask)).square(), mask).sum();
}
