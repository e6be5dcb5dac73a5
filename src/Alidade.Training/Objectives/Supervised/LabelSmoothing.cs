using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// Cross entropy with smoothed labels: the token mean of (1 − ε)·(−log p_y) + ε·mean_v(−log p_v), the uniform part over the whole vocabulary, the label included.
/// </summary>
/// <remarks>Szegedy et al. 2016 (arXiv 1512.00567), §7; transformers' <c>LabelSmoother</c>. fairseq spreads ε over the other V − 1 tokens; that is not this.</remarks>
public sealed record LabelSmoothing : ILogitObjective
{
    /// <summary>ε in [0, 1), the share of the label that is spread over the vocabulary. Default 0.1, as in the paper.</summary>
    public double Epsilon
    {
        get;
        init => field = OptionCheck.Allowed(value is >= 0 and < 1, Name, nameof(Epsilon), value, "at least 0 and below 1");
    } = 0.1;

    /// <inheritdoc/>
    public string Name => "label_smoothing";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => RowShare.Tokens(window);

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogits tokens, IReadOnlyList<RowShare>? window = null)
    {
        var all = tokens.Checked().LogSoftmax();
        var selected = tokens.Selected(all);
        var (nll, uniform) = (-selected.LogProbs, -all.mean([-1]));
        var perRow = selected.RowSums(((1 - Epsilon) * nll) + (Epsilon * uniform));
        return new(perRow.sum() / NormaliserOf(window ?? tokens.Shares()), perRow)
        {
            Metrics = TokenMetrics.Of(selected),
            Outputs = new Dictionary<string, Tensor> { ["nll"] = nll.detach().mean(), ["uniform"] = uniform.detach().mean() },
        };
    }
}
