using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Anchored preference optimisation, zero, of single answers: w_D·(1 − σ(β·u)) for a desirable answer, w_U·σ(β·u) for another, u = ℓ − ℓ°. KTO with z = 0.
/// </summary>
/// <remarks>D'Oosterlinck et al. 2024 (arXiv 2408.06266); <c>apo_zero_unpaired</c> of TRL's KTO trainer.</remarks>
public sealed record ApoZeroUnpaired : IUnpairedObjective
{
    /// <summary>β &gt; 0. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Weight w_D ≥ 0 of desirable rows. Default 1.</summary>
    public double DesirableWeight { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <summary>Weight w_U ≥ 0 of the other rows. Default 1.</summary>
    public double UndesirableWeight { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <inheritdoc/>
    public string Name => "apo_zero_unpaired";

    /// <inheritdoc/>
    public UnpairedInputs Needs => UnpairedInputs.None;

    /// <inheritdoc/>
    public IReadOnlyList<double> InitialState => [];

    /// <summary>Loss (mean over the rows), metrics and implied rewards.</summary>
    /// <param name="rows">Log-probabilities in nats.</param>
    public Objective Evaluate(in UnpairedLogProbs rows)
    {
        var toward = where(rows.Checked(Name).DesirableMask, rows.Ratio, -rows.Ratio);
        return rows.MeanWith(Beta, Kto.Weights(rows, DesirableWeight, UndesirableWeight) * sigmoid(-Beta * toward))
            .WithMetrics(("kl", zeros([], rows.Policy.dtype, rows.Policy.device)));
    }

    /// <inheritdoc/>
    public Objective Evaluate(in UnpairedLogProbs rows, Tensor? state, out Tensor? next)
    {
        next = null;
        return Evaluate(rows);
    }
}
