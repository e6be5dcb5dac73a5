using Alidade.Training.Objectives.Supervised;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Imitation of the preferred answers alone, as a term beside an objective on pairs: −Σ ℓ⁺ / Σ |y⁺| over the batch (token mean), or the mean of −ℓ⁺/|y⁺| (sequence mean).
/// </summary>
/// <remarks>The NLL of CPO (token mean), of MPO (Wang et al. 2024, arXiv 2411.10442) and of RPO (Pang et al. 2024, arXiv 2404.19733: sequence mean; TRL takes the token mean).</remarks>
public sealed record ChosenNll : IPreferenceObjective
{
    /// <summary>How token losses become one number. Default the token mean, as TRL 1.16.</summary>
    public SftReduction Reduction { get; init; } = SftReduction.TokenMean;

    /// <inheritdoc/>
    public string Name => "chosen_nll";

    /// <inheritdoc/>
    public PairInputs Needs => PairInputs.None;

    /// <inheritdoc/>
    public Objective Evaluate(in PairLogProbs pairs)
    {
        var perPair = -pairs.PolicyChosen;
        perPair = Reduction switch
        {
            SftReduction.SequenceMean => perPair / pairs.ChosenTokens,
            SftReduction.TokenMean => perPair * ((double)pairs.ChosenLengths.Count / pairs.ChosenLengths.Sum()),
            _ => perPair * pairs.ChosenLengths.Count,
        };
        var loss = perPair.mean();
        return new Objective(loss, perPair).WithMetrics(("nll", loss.detach()));
    }
}
