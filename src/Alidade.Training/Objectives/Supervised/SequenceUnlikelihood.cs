using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>What the unlikelihood of repeated tokens is divided by.</summary>
public enum UnlikelihoodNormaliser
{
    /// <summary>The weights of the marked tokens.</summary>
    Marked,

    /// <summary>All generated tokens.</summary>
    Tokens,
}

/// <summary>
/// Sequence-level unlikelihood: Σ w·(−log max(1 − p, 10⁻²⁰)) over the tokens of generated sequences, w the weight of a token that repeats
/// (<see cref="NGramRepeats"/>), divided by Σ w or by the generated tokens.
/// </summary>
/// <remarks>
/// Welleck et al. 2019 (arXiv 1908.04319), eq. 6: repeats of the generation alone, divided by its tokens; ParlAI's <c>RepetitionUnlikelihood</c> has both kinds and
/// divides by Σ w. The generations are rows whose scored tokens carry weights; a batch of which nothing repeats has a loss of 0.
/// </remarks>
public sealed record SequenceUnlikelihood : ISupervisedObjective
{
    private const double Clamp = 1e-20;

    /// <summary>What the sum is divided by. Default the weights of the marked tokens, as ParlAI.</summary>
    public UnlikelihoodNormaliser Normaliser { get; init; } = UnlikelihoodNormaliser.Marked;

    /// <summary>Length of the n-grams that must not repeat, at least 1; a trainer marks the repeats of rows that have no weights. Default 4, as the paper.</summary>
    public int N
    {
        get;
        init => field = OptionCheck.Count(Name, value);
    } = 4;

    /// <summary>β in [0, 1], the share of repeats of the context in a token's weight. Default 0, as the paper; ParlAI 0.5.</summary>
    public double ContextShare
    {
        get;
        init => field = OptionCheck.Share(Name, value);
    }

    /// <inheritdoc/>
    public string Name => "sequence_unlikelihood";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) =>
        Normaliser == UnlikelihoodNormaliser.Tokens ? RowShare.Tokens(window) : window.Sum(r => r.TokenWeight);

    /// <inheritdoc/>
    public Objective Evaluate(in TokenLogProbs tokens, IReadOnlyList<RowShare>? window = null)
    {
        if (tokens.RowOf.Count == 0)
            throw TokenLogProbs.NothingScored();
        if (tokens.TokenWeights is not { } weights)
            throw new AlidadeException("sequence-level unlikelihood needs a weight for each token; mark the repeats of the rows first");
        var w = TokenLogProbs.Numbers(weights, tokens.LogProbs);
        // A token that is not marked may have probability 1, where the gradient is not finite.
        var marked = tokens.LogProbs.masked_fill(w.eq(0), -1);
        var perRow = tokens.RowSums(RejectedUnlikelihood.Unlikelihood(marked, Clamp) * w);
        var n = NormaliserOf(window ?? tokens.Shares());
        return new(perRow.sum() / (n > 0 ? n : 1), perRow)
        {
            Metrics = new Dictionary<string, Tensor>(TokenMetrics.Of(tokens)) { ["repeated_share"] = w.ne(0).to(w.dtype).mean() },
            Outputs = new Dictionary<string, Tensor> { ["weights"] = w },
        };
    }
}
