namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// Dynamic fine-tuning: −Σ sg(p)·log p / N over the scored tokens, N the scored tokens of the whole accumulation window. A token weighs as much as the model
/// believes in it, which takes away the 1/p that makes the gradient of the log-likelihood favour unlikely tokens.
/// </summary>
/// <remarks>Wu et al. 2025 (arXiv 2508.05629), eq. 9; TRL 1.16 <c>SFTConfig(loss_type="dft")</c>. The probability carries no gradient.</remarks>
public sealed record Dft : ISupervisedObjective
{
    /// <inheritdoc/>
    public string Name => "dft";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => RowShare.Tokens(window);

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogProbs tokens, IReadOnlyList<RowShare>? window = null)
    {
        if (tokens.RowOf.Count == 0)
            throw TokenLogProbs.NothingScored();
        var perRow = -tokens.RowSums(tokens.LogProbs.detach().exp() * tokens.LogProbs);
        return new(perRow.sum() / NormaliserOf(window ?? tokens.Shares()), perRow) { Metrics = TokenMetrics.Of(tokens) };
    }
}
