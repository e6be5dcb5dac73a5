using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// Unlikelihood of rejected rows: the token mean of −log p over the rows to imitate, plus α times the token mean of −log max(1 − p, δ) over the rows to avoid.
/// Either mean is 0 where there is no such row.
/// </summary>
/// <remarks>Li et al. 2020 (arXiv 1911.03860), eq. 3, as ParlAI's <c>RewardUnlikelihoodAgentTrait</c>; each mean is over the tokens of the whole accumulation window.</remarks>
public sealed record RejectedUnlikelihood : ISupervisedObjective
{
    /// <summary>α at least 0, the weight of the rows to avoid. Default 1, as ParlAI.</summary>
    public double Alpha
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    } = 1;

    /// <summary>δ in (0, 1): the smallest 1 − p. Default 10⁻²⁰, as ParlAI.</summary>
    public double Clamp
    {
        get;
        init => field = OptionCheck.Allowed(value is > 0 and < 1, Name, nameof(Clamp), value, "above 0 and below 1");
    } = 1e-20;

    /// <inheritdoc/>
    public string Name => "rejected_unlikelihood";

    /// <summary>The scored tokens: the weight of a batch among others. The two means have normalisers of their own.</summary>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => RowShare.Tokens(window);

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogProbs tokens, IReadOnlyList<RowShare>? window = null)
    {
        if (tokens.RowOf.Count == 0)
            throw TokenLogProbs.NothingScored();
        window ??= tokens.Shares();
        var avoided = tokens.Avoided ?? new bool[tokens.Rows];
        var isAvoided = TokenLogProbs.Numbers(tokens.RowOf.Select(r => avoided[(int)r] ? 1.0 : 0), tokens.LogProbs).ne(0);
        double Tokens(bool which) => Math.Max(1, window.Where(r => r.Avoided == which).Sum(r => (double)r.Scored));
        // Each branch is computed on its own tokens alone, so that a probability of 1 in the one gives no NaN in the gradient of the other.
        var imitated = (-tokens.LogProbs).masked_fill(isAvoided, 0);
        var isImitated = isAvoided.logical_not();
        var unlikely = Unlikelihood(tokens.LogProbs.masked_fill(isImitated, -1), Clamp).masked_fill(isImitated, 0);
        var (nll, unlikelihood) = (imitated.sum() / Tokens(false), unlikely.sum() / Tokens(true));
        return new(nll + (Alpha * unlikelihood), tokens.RowSums(imitated + (Alpha * unlikely)))
        {
            Metrics = TokenMetrics.Of(tokens),
            Outputs = new Dictionary<string, Tensor> { ["nll"] = nll.detach(), ["unlikelihood"] = unlikelihood.detach() },
        };
    }

    /// <summary>−log max(1 − p, δ) of each log p.</summary>
    internal static Tensor Unlikelihood(Tensor logProbs, double clamp) => -(-logProbs.expm1()).clamp_min(clamp).log();
}
