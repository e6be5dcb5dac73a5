using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Kahneman–Tversky optimisation of single answers: w_D·(1 − σ(β·(u − z))) for a desirable answer, w_U·(1 − σ(β·(z − u))) for another, u = ℓ − ℓ° and
/// z = max(0, mean of ℓ − ℓ° over prompts with answers to other prompts), one for the batch and without gradient.
/// </summary>
/// <remarks>
/// Ethayarajh et al. 2024 (arXiv 2402.01306), eq. 7. A batch of one row has no prompt with another's answer and is an error; the last batch of TRL then takes the row's
/// own answer. Losses of items come in the order of the rows; TRL puts the desirable ones first.
/// </remarks>
public sealed record Kto : IUnpairedObjective
{
    /// <summary>β &gt; 0. Default 0.1, as the paper.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Weight w_D ≥ 0 of desirable rows. Default 1; the authors advise w_D·n_D / (w_U·n_U) between 1 and 4/3.</summary>
    public double DesirableWeight { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <summary>Weight w_U ≥ 0 of the other rows. Default 1.</summary>
    public double UndesirableWeight { get; init => field = OptionCheck.NotNegative(Name, value); } = 1;

    /// <inheritdoc/>
    public string Name => "kto";

    /// <inheritdoc/>
    public UnpairedInputs Needs => UnpairedInputs.Mismatched;

    /// <inheritdoc/>
    public IReadOnlyList<double> InitialState => [];

    /// <summary>Loss (mean over the rows), metrics and implied rewards.</summary>
    /// <param name="rows">Log-probabilities in nats.</param>
    /// <exception cref="AlidadeException">The batch has fewer than two rows, or no mismatched answers.</exception>
    public Objective Evaluate(in UnpairedLogProbs rows)
    {
        if (rows.Checked(Name).Desirable.Count == 1)
            throw new AlidadeException($"{Name}: the batch has one row, so there is no answer to another prompt to measure the KL term with; use batches of 2 rows or more");
        var (policy, reference) = rows.Mismatched ?? throw new AlidadeException($"{Name} reads {UnpairedInputs.Mismatched} of every row, and these rows do not carry it");
        var z = (policy.detach() - reference.detach()).mean().clamp(min: 0);
        var toward = where(rows.DesirableMask, rows.Ratio - z, z - rows.Ratio);
        return rows.MeanWith(Beta, Weights(rows, DesirableWeight, UndesirableWeight) * sigmoid(-Beta * toward)).WithMetrics(("kl", z));
    }

    /// <inheritdoc/>
    public Objective Evaluate(in UnpairedLogProbs rows, Tensor? state, out Tensor? next)
    {
        next = null;
        return Evaluate(rows);
    }

    /// <summary>w_D or w_U for each row.</summary>
    internal static Tensor Weights(in UnpairedLogProbs rows, double desirable, double undesirable) =>
        tensor(rows.Desirable.Select(d => d ? desirable : undesirable).ToArray(), rows.Policy.dtype, rows.Policy.device);
}
