using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// Cross entropy with a pull of the softmax normaliser towards 1: the token mean of −log p_y + c·(log Σ_v e^{z_v})². Logits that drift off are drawn back.
/// </summary>
/// <remarks>Chowdhery et al. 2022 (PaLM, arXiv 2204.02311), §5, after de Brébisson and Vincent 2016.</remarks>
public sealed record ZLoss : ILogitObjective
{
    /// <summary>c at least 0. Default 10⁻⁴, as PaLM.</summary>
    public double Coefficient
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    } = 1e-4;

    /// <inheritdoc/>
    public string Name => "z_loss";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => RowShare.Tokens(window);

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogits tokens, IReadOnlyList<RowShare>? window = null)
    {
        var selected = tokens.Checked().Selected();
        var nll = -selected.LogProbs;
        // log Σ e^z = z_y − log p_y, so that the normaliser needs no pass of its own.
        var chosen = tokens.Logits.gather(1, tokens.Labels.unsqueeze(1)).squeeze(1);
        var pull = Coefficient * (chosen + nll).square();
        var perRow = selected.RowSums(nll + pull);
        return new(perRow.sum() / NormaliserOf(window ?? tokens.Shares()), perRow)
        {
            Metrics = new Dictionary<string, Tensor>(TokenMetrics.Of(selected)) { ["z_loss"] = pull.detach().mean() },
            Outputs = new Dictionary<string, Tensor> { ["cross_entropy"] = nll.detach().mean(), ["z_loss"] = pull.detach().mean() },
        };
    }
}
