using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Binary classifier optimisation of single answers: −log σ(r − δ) for a desirable answer, −log σ(−(r − δ)) for another, r = β·(ℓ − ℓ°) and δ the running mean of the
/// rewards, the present batch included, without gradient.
/// </summary>
/// <remarks>
/// Jung et al. 2024 (arXiv 2404.04656). The paper speaks of the mean over samples; as in TRL 1.12, whose numbers these are, every batch weighs the same whatever
/// its size. Where prompts of the two kinds differ, undesirable rows are weighed by p/(1 − p), p the probability that a row with this prompt is desirable.
/// </remarks>
public sealed record Bco : IUnpairedObjective
{
    /// <summary>β &gt; 0. Default 0.1, as TRL.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Lower bound of the density ratio p/(1 − p), above 0. Default 0.5, as TRL.</summary>
    public double MinDensityRatio { get; init => field = OptionCheck.Positive(Name, value); } = 0.5;

    /// <summary>Upper bound of the density ratio, above 0. Default 10, as TRL.</summary>
    public double MaxDensityRatio { get; init => field = OptionCheck.Positive(Name, value); } = 10;

    /// <inheritdoc/>
    public string Name => "bco";

    /// <summary>Nothing: density ratios are used where rows carry probabilities.</summary>
    public UnpairedInputs Needs => UnpairedInputs.None;

    /// <summary>δ = 0 and 0 batches.</summary>
    public IReadOnlyList<double> InitialState => [0, 0];

    /// <summary>Loss (mean over the rows), metrics and implied rewards.</summary>
    /// <param name="rows">Log-probabilities in nats.</param>
    /// <param name="state">δ and the number of batches it is the mean of, float64 [2]; null for the first batch.</param>
    /// <param name="next">The same with this batch.</param>
    /// <exception cref="AlidadeException">There is no row, or a bound of the density ratio is above the other.</exception>
    public Objective Evaluate(in UnpairedLogProbs rows, Tensor? state, out Tensor? next)
    {
        var rewards = Beta * rows.Checked(Name).Ratio;
        var before = state ?? tensor(InitialState.ToArray(), device: rewards.device);
        var batches = before[1] + 1;
        var shift = before[0] + ((rewards.detach().to(ScalarType.Float64).mean() - before[0]) / batches);
        next = stack([shift, batches]);

        var excess = rewards - shift.to(rewards.dtype);
        var perRow = -logsigmoid(where(rows.DesirableMask, excess, -excess));
        Objective result;
        if (rows.DesirableProbability is { } probability)
        {
            if (MinDensityRatio > MaxDensityRatio)
                throw new AlidadeException(FormattableString.Invariant($"{Name}: MinDensityRatio {MinDensityRatio} is above MaxDensityRatio {MaxDensityRatio}; exchange them"));
            var ratio = (probability / (1 - probability + 1e-8)).clamp(MinDensityRatio, MaxDensityRatio);
            var weights = where(rows.DesirableMask, ones_like(ratio), ratio).detach();
            result = rows.MeanWith(Beta, perRow * weights).WithOutputs(("weights", weights));
        }
        else
            result = rows.MeanWith(Beta, perRow);

        return result.WithMetrics(("delta", shift)) with { MetricWeights = Weights(rows.Desirable) };
    }

    // As in TRL, the means over either kind of rows are over rows and not over batches.
    private static Dictionary<string, double> Weights(IReadOnlyList<bool> desirable)
    {
        var count = desirable.Count(d => d);
        return new() { ["rewards_chosen"] = count, ["logps_chosen"] = count, ["rewards_rejected"] = desirable.Count - count, ["logps_rejected"] = desirable.Count - count };
    }
}
