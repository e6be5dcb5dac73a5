using Alidade.Core;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// CRINGE (contrastive iterative negative generation): cross entropy on the rows to imitate; on each token y of the rows to avoid
/// α·(−log [e^{z_s} / (e^{z_s} + e^{z_y})]), s drawn from the softmax of the k likeliest tokens other than y. Both sums are divided by the scored tokens.
/// </summary>
/// <remarks>
/// Adolphs et al. 2022 (arXiv 2211.05826), eq. 2 and 3; ParlAI <c>projects/cringe</c>. z_s is a raw logit and carries a gradient, as in ParlAI, unless
/// <see cref="DetachPositives"/>. The iteration of the paper (generate, classify, train again) is a loop around this objective.
/// </remarks>
public sealed record Cringe : ILogitObjective
{
    /// <summary>α at least 0, the weight of the tokens to avoid. Default 1, as ParlAI.</summary>
    public double Alpha
    {
        get;
        init => field = OptionCheck.NotNegative(Name, value);
    } = 1;

    /// <summary>k at least 1: tokens among which the alternative is drawn. Default 1, as ParlAI.</summary>
    public int K
    {
        get;
        init => field = OptionCheck.Count(Name, value);
    } = 1;

    /// <summary>True: the alternative's logit has no gradient. Default false, as ParlAI.</summary>
    public bool DetachPositives { get; init; }

    /// <inheritdoc/>
    public string Name => "cringe";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => RowShare.Tokens(window);

    /// <summary>The k + 1 likeliest tokens of each position, and the probability with which each is drawn: y itself, or else the last, has none.</summary>
    /// <param name="tokens">Logits and scored tokens.</param>
    /// <returns>Ids, int64, and probabilities, both [scored, k + 1], without gradient.</returns>
    /// <exception cref="AlidadeException">The vocabulary has no k + 1 tokens.</exception>
    public (Tensor Ids, Tensor Probabilities) Candidates(in TokenLogits tokens)
    {
        if (K + 1 > tokens.Logits.size(1))
            throw new AlidadeException($"CRINGE's k is {K}, and the vocabulary has {tokens.Logits.size(1)} tokens; it must be smaller than that");
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (values, ids) = tokens.Logits.detach().topk(K + 1, -1);
        var isLabel = ids.eq(tokens.Labels.unsqueeze(1));
        var isLast = arange(K + 1, ScalarType.Int64, ids.device).eq(K).unsqueeze(0);
        var excluded = isLabel.logical_or(isLast.logical_and(isLabel.any(1, keepdim: true).logical_not()));
        var probabilities = values.masked_fill(excluded, double.NegativeInfinity).softmax(-1);
        return (ids.MoveToOuterDisposeScope(), probabilities.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    /// <exception cref="AlidadeException">No token is scored, or there is no random number for each.</exception>
    public Objective Evaluate(in TokenLogits tokens, IReadOnlyList<RowShare>? window = null)
    {
        var draws = tokens.Checked().Draws ?? throw new AlidadeException("CRINGE draws its alternatives, for which it needs a random number for each scored token");
        var (ids, probabilities) = Candidates(tokens);
        // The first candidate whose cumulated probability is above the draw; never one without probability.
        var rank = probabilities.cumsum(-1).le(draws.unsqueeze(1)).sum(-1).clamp_max(K);
        rank = where(probabilities.gather(1, rank.unsqueeze(1)).squeeze(1).gt(0), rank, probabilities.argmax(-1));
        return Evaluate(tokens, ids, probabilities, rank, window);
    }

    /// <summary>Loss and metrics with given alternatives.</summary>
    /// <param name="tokens">Logits that predict the scored tokens.</param>
    /// <param name="rank">Place of the alternative among <see cref="Candidates"/>, int64, [scored].</param>
    /// <param name="window">All rows of the accumulation window; null when the batch is the window.</param>
    public Objective Evaluate(in TokenLogits tokens, Tensor rank, IReadOnlyList<RowShare>? window = null)
    {
        var (ids, probabilities) = Candidates(tokens.Checked());
        return Evaluate(tokens, ids, probabilities, rank, window);
    }

    private Objective Evaluate(in TokenLogits tokens, Tensor ids, Tensor probabilities, Tensor rank, IReadOnlyList<RowShare>? window)
    {
        var selected = tokens.Selected();
        var chosen = ids.gather(1, rank.unsqueeze(1));
        var alternative = tokens.Logits.gather(1, chosen).squeeze(1);
        if (DetachPositives)
            alternative = alternative.detach();
        var own = tokens.Logits.gather(1, tokens.Labels.unsqueeze(1)).squeeze(1);
        var avoided = tokens.Avoided ?? new bool[tokens.Rows];
        var isAvoided = TokenLogProbs.Numbers(tokens.RowOf.Select(r => avoided[(int)r] ? 1.0 : 0), own).ne(0);
        var crossEntropy = (-selected.LogProbs).masked_fill(isAvoided, 0);
        var contrastive = (-nn.functional.logsigmoid(alternative - own)).masked_fill(isAvoided.logical_not(), 0);
        var perRow = selected.RowSums(crossEntropy + (Alpha * contrastive));
        return new(perRow.sum() / NormaliserOf(window ?? tokens.Shares()), perRow)
        {
            Metrics = TokenMetrics.Of(selected),
            Outputs = new Dictionary<string, Tensor>
            {
                ["ce"] = crossEntropy.detach(),
                ["contrastive"] = contrastive.detach(),
                ["candidate_ids"] = ids,
                ["candidate_probability"] = probabilities,
                ["sampled_id"] = chosen.squeeze(1),
            },
        };
    }
}
