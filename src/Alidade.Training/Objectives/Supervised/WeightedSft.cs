using Alidade.Core;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>What a weighted sum of rows is divided by; s is the summed negative log-likelihood of a row and n its scored tokens.</summary>
public enum WeightedNormaliser
{
    /// <summary>Σ w·s / Σ n: a row of weight 0 still counts its tokens.</summary>
    Tokens,

    /// <summary>Σ w·s / Σ w·n: the weighted token mean.</summary>
    WeightedTokens,

    /// <summary>Σ w·s/n / Σ w: the weighted mean of token means.</summary>
    Sequences,

    /// <summary>Mean of w·s over the rows: weighted behaviour cloning.</summary>
    Rows,
}

/// <summary>
/// Weighted supervised fine-tuning: the negative log-likelihood of rows that count by a weight, as their reward says: rejection sampling, imitation learning from
/// language feedback, reward-weighted regression.
/// </summary>
/// <remarks>
/// Peters and Schaal 2007 (reward-weighted regression); Scheurer et al. 2023 (ILF, arXiv 2303.16755); Dong et al. 2023 (RAFT, arXiv 2304.06767).
/// <see cref="SampleWeights"/> makes weights from rewards.
/// </remarks>
public sealed record WeightedSft : ISupervisedObjective
{
    /// <summary>What the sum is divided by. Default the weighted tokens, which all weights alike make the token mean of plain fine-tuning.</summary>
    public WeightedNormaliser Normaliser { get; init; } = WeightedNormaliser.WeightedTokens;

    /// <inheritdoc/>
    public string Name => "weighted_sft";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => Normaliser switch
    {
        WeightedNormaliser.Tokens => RowShare.Tokens(window),
        WeightedNormaliser.WeightedTokens => window.Sum(r => r.Weight * r.Scored),
        WeightedNormaliser.Sequences => window.Sum(r => r.Scored > 0 ? r.Weight : 0),
        _ => window.Count,
    };

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogProbs tokens, IReadOnlyList<RowShare>? window = null)
    {
        if (tokens.RowOf.Count == 0)
            throw TokenLogProbs.NothingScored();
        var shares = tokens.Shares();
        var n = NormaliserOf(window ?? shares);
        if (!(n > 0))
            throw new AlidadeException("the weights of all rows of an update are 0, so there is no loss; leave such rows out or make updates of more rows");
        var perRow = -tokens.RowSums();
        var weights = TokenLogProbs.Numbers(shares.Select(s => Normaliser == WeightedNormaliser.Sequences ? s.Weight / Math.Max(s.Scored, 1) : s.Weight), perRow);
        return new((weights * perRow).sum() / n, perRow.detach()) { Metrics = TokenMetrics.Of(tokens) };
    }
}
