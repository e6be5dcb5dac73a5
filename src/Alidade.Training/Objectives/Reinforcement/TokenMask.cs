using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>Which tokens a mask policy allows at each position.</summary>
public abstract record AllowedTokens
{
    /// <summary>The name that recipes use.</summary>
    public abstract string Name { get; }

    /// <summary>Tokens that are always allowed, such as the end token. Default none.</summary>
    public IReadOnlyList<int> Always { get; init; } = [];

    /// <summary>True for the allowed tokens, […, vocabulary].</summary>
    /// <param name="logits">Of the mask policy, […, vocabulary].</param>
    public Tensor Of(Tensor logits)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var allowed = Choose(logits.detach());
        if (Always.Count > 0)
            allowed = allowed.logical_or(zeros(logits.size(-1), logits.dtype, logits.device).index_fill(0, tensor(Always.Select(t => (long)t).ToArray(), device: logits.device), 1).ne(0));
        return allowed.MoveToOuterDisposeScope();
    }

    private protected abstract Tensor Choose(Tensor logits);
}

/// <summary>The k likeliest tokens.</summary>
public sealed record TopKTokens : AllowedTokens
{
    /// <inheritdoc/>
    public override string Name => "top_k";

    /// <summary>Number of tokens. Default 100.</summary>
    public int K { get; init => field = OptionCheck.Count("top_k_tokens", value); } = 100;

    private protected override Tensor Choose(Tensor logits)
    {
        var (_, index) = logits.topk((int)Math.Min(K, logits.size(-1)), -1);
        return zeros_like(logits).scatter(-1, index, ones_like(index).to(logits.dtype)).ne(0);
    }
}

/// <summary>The smallest set of likeliest tokens whose probability first exceeds p.</summary>
public sealed record TopPTokens : AllowedTokens
{
    /// <inheritdoc/>
    public override string Name => "top_p";

    /// <summary>p in [0, 1]. Default 0.9, as RL4LMs.</summary>
    public double P { get; init => field = OptionCheck.Share("top_p_tokens", value); } = 0.9;

    /// <summary>Least number of tokens. Default 100, as RL4LMs.</summary>
    public int AtLeast { get; init => field = OptionCheck.Count("top_p_tokens", value); } = 100;

    private protected override Tensor Choose(Tensor logits)
    {
        var (sorted, index) = logits.sort(-1, true);
        var cumulative = sorted.softmax(-1).cumsum(-1);
        // A token is kept when the mass before it does not exceed p; so the one that crosses the bound is in.
        var before = cat([zeros_like(cumulative.narrow(-1, 0, 1)), cumulative.narrow(-1, 0, cumulative.size(-1) - 1)], -1);
        var kept = before.le(P);
        kept = kept.logical_or(arange(logits.size(-1), device: logits.device).lt(AtLeast));
        return zeros_like(logits).scatter(-1, index, kept.to(logits.dtype)).ne(0);
    }
}

/// <summary>
/// A restricted choice of tokens: the policy renormalised on those that a lagging copy of it, the mask policy, allows. With PPO it is NLPO.
/// </summary>
/// <remarks>
/// <para>Ramamurthy et al. 2022 (arXiv 2210.01241), alg. 1. Answers are drawn from the restricted policy, and what was allowed then is kept with them: the restricted
/// log-probability enters the ratio, now and when the answers were drawn; that of the whole distribution, less the reference's whole one, the KL of the reward.</para>
/// <para>Compared with RL4LMs (commit 97df0bd) and equal to it: the sets that are kept (<c>alg_wrappers.py</c>, <c>generate_batch</c>; <c>maskable/buffers.py</c>), the KL (there
/// too, of <c>raw_log_probs</c>), when the mask policy is renewed (<c>nlpo.py</c>, <c>learn</c>), special tokens that are always allowed (there <c>all_special_ids</c>), and sets that know
/// nothing of the temperature (<c>maskable/logits_processor.py</c>, <c>_get_action_masks</c>). Two faults are not repeated. <c>MaskableCategorical.apply_masking</c> (<c>maskable/distributions.py</c>) normalises
/// its probabilities and takes its logits from what they were before: the log-probability of an allowed token, and so the ratio, is the one of the whole vocabulary. And
/// <c>update_mask_model</c> (<c>causal_policy.py</c>, <c>seq2seq_policy.py</c>) renews the policy's mask model, but not the one that its logits processor holds: answers are drawn
/// under the first copy for ever.</para>
/// </remarks>
public sealed record TokenMask
{
    private const double Forbidden = -1e8;

    /// <summary>What is allowed; a trainer adds the tokens at which the model stops and those that its tokenizer calls special. Default top-p 0.9 with at least 100 tokens, as RL4LMs.</summary>
    public AllowedTokens Allowed { get; init; } = new TopPTokens();

    /// <summary>
    /// Rollouts between two copies of the policy to the mask policy (μ). The copy is made of the policy that drew the last of them, before it learns from it, so that the mask
    /// policy is a rollout behind at least. Default 20, as most recipes of RL4LMs (the others 5, 30 and 100; its class says 1000).
    /// </summary>
    public int RefreshEvery { get; init => field = OptionCheck.Count("token_mask", value); } = 20;

    /// <summary>Log-probabilities of the sampled tokens on the allowed set and on the whole vocabulary, and the entropy on the allowed set; each […], differentiable.</summary>
    /// <param name="logits">Of the policy, […, vocabulary].</param>
    /// <param name="allowed">[…, vocabulary], true where allowed.</param>
    /// <param name="sampled">Ids, […], int64.</param>
    /// <param name="mask">[…], 1 where a token counts.</param>
    /// <exception cref="AlidadeException">A token that counts is not allowed.</exception>
    public static (Tensor Masked, Tensor Raw, Tensor Entropy) LogProbs(Tensor logits, Tensor allowed, Tensor sampled, Tensor mask)
    {
        var index = sampled.unsqueeze(-1);
        var outside = allowed.gather(-1, index).squeeze(-1).logical_not().logical_and(mask.ne(0)).sum().item<long>();
        if (outside > 0)
            throw new AlidadeException($"{outside} sampled tokens are not in the allowed set of the mask policy; sample with the mask, or allow them always");
        var logp = where(allowed, logits, full_like(logits, Forbidden)).log_softmax(-1);
        var entropy = -where(allowed, logp.exp() * logp, zeros_like(logp)).sum(-1);
        return (logp.gather(-1, index).squeeze(-1), logits.log_softmax(-1).gather(-1, index).squeeze(-1), entropy);
    }
}
