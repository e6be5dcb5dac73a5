using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>Identity preference optimisation: (Δ − 1/(2β))², Δ the margin of token means or of sums.</summary>
/// <remarks>
/// Azar et al. 2023 (arXiv 2310.12036), eq. 17, on sums. TRL since 0.9 divides each log-ratio by the length of its answer, which is the default here; the original DPO
/// code, OpenRLHF and TRL's online trainers take sums (<see cref="AnswerScale.Sum"/>).
/// </remarks>
public sealed record Ipo : MarginObjective
{
    /// <summary>IPO on token means.</summary>
    public Ipo() => Scale = AnswerScale.TokenMean;

    /// <summary>β &gt; 0; the margin is drawn to 1/(2β) nats. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <inheritdoc/>
    public override string Name => "ipo";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected override Tensor LossOf(Tensor margin) => (margin - (0.5 / Beta)).square();
}
