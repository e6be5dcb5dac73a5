using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// Efficient exact optimisation on pairs: the reverse KL q·(log q − log(1 − ε)) + (1 − q)·(log(1 − q) − log ε) between the policy's preference q = σ(β·Δ) and the labels.
/// </summary>
/// <remarks>Ji et al. 2024 (arXiv 2402.00856), eq. 16 with K = 2. TRL 0.12 silently takes ε = 0 for 0.001; here ε = 0 is an error, since log 0 has no value.</remarks>
public sealed record ExoPair : MarginObjective
{
    /// <summary>Strength β &gt; 0 of the pull towards the reference. Default 0.1, as TRL 1.16.</summary>
    public double Beta { get; init => field = OptionCheck.Positive(Name, value); } = 0.1;

    /// <summary>Share ε of labels that are taken to be flipped, in (0, ½). Default 0.001, as the authors' code.</summary>
    public double LabelSmoothing
    {
        get;
        init => field = OptionCheck.Allowed(value is > 0 and < 0.5, Name, nameof(LabelSmoothing), value, "above 0 and below 0.5");
    } = 1e-3;

    /// <inheritdoc/>
    public override string Name => "exo_pair";

    /// <inheritdoc/>
    protected internal override double RewardScale => Beta;

    /// <inheritdoc/>
    protected override Tensor LossOf(Tensor margin)
    {
        var x = Beta * margin;
        return (x.sigmoid() * (logsigmoid(x) - Math.Log(1 - LabelSmoothing))) + ((-x).sigmoid() * (logsigmoid(-x) - Math.Log(LabelSmoothing)));
    }
}
