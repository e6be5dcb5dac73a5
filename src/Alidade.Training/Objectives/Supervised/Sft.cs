using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>How token losses become one number.</summary>
public enum SftReduction
{
    /// <summary>Sum over the window / scored tokens of the window.</summary>
    TokenMean,

    /// <summary>Mean over the rows of each row's token mean; rows without scored tokens do not count.</summary>
    SequenceMean,

    /// <summary>Sum.</summary>
    Sum,
}

/// <summary>
/// Supervised fine-tuning: the negative log-likelihood −Σ log p / N of the scored tokens, N the scored tokens of the whole accumulation window.
/// </summary>
/// <remarks>
/// Ouyang et al. 2022 (arXiv 2203.02155), step 1; the normaliser as TRL 1.16, which divides once over the window and not by micro-batch. TRL trains on a loss of 0
/// where nothing is scored; here that is an error.
/// </remarks>
public sealed record Sft : ISupervisedObjective
{
    /// <inheritdoc/>
    public string Name => "sft";

    /// <summary>How token losses become one number. Default the token mean, as TRL 1.16.</summary>
    public SftReduction Reduction { get; init; } = SftReduction.TokenMean;

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => Reduction switch
    {
        SftReduction.TokenMean => RowShare.Tokens(window),
        SftReduction.SequenceMean => window.Count(r => r.Scored > 0),
        _ => 1,
    };

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogProbs tokens, IReadOnlyList<RowShare>? window = null)
    {
        if (tokens.RowOf.Count == 0)
            throw TokenLogProbs.NothingScored();
        var perRow = -tokens.RowSums();
        var weighted = Reduction == SftReduction.SequenceMean
            ? perRow / TokenLogProbs.Numbers(tokens.RowLengths().Select(l => (double)Math.Max(l, 1)), perRow)
            : perRow;
        return new(weighted.sum() / NormaliserOf(window ?? tokens.Shares()), perRow) { Metrics = TokenMetrics.Of(tokens) };
    }
}
