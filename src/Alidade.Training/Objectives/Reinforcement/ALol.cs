using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>The forms of <see cref="ALol"/>.</summary>
public enum ALolForm
{
    /// <summary>A·ρ·log π with the ratio of the whole answer.</summary>
    Sequence,

    /// <summary>The ratio of each token on its own log π (the paper's "A-LoL seq.").</summary>
    Token,

    /// <summary>The ratio taken for 1.</summary>
    ReferenceFree,

    /// <summary>No ratio, and β·log(π/π°) added to the loss.</summary>
    Kl,

    /// <summary>The reward itself in place of the advantage (R-LoL).</summary>
    Reward,
}

/// <summary>
/// Advantage-leftover-lunch: offline policy gradient on a fixed set of answers, L = −A·clip(π/π°)·log π with A = max(0, R − V(prompt)) and no gradient through the ratio.
/// </summary>
/// <remarks>
/// Baheti et al. 2023 (arXiv 2305.14718), eq. 3–5. Answers of A ≤ 0 have no gradient; the authors' code drops them from the data, and draws the others in proportion to A where
/// here each comes once a pass. V is the mean reward of the reference's own answers to the prompt, learned by a head on the frozen reference in the paper.
/// </remarks>
public sealed record ALol
{
    /// <summary>Form. Default the answer's ratio.</summary>
    public ALolForm Form { get; init; } = ALolForm.Sequence;

    /// <summary>The ratio is cut to [1 − c, 1 + c]; null for no limit. Default 0.9, as the paper.</summary>
    public double? Clip { get; init => field = value is { } v ? OptionCheck.Positive("a_lol", v) : null; } = 0.9;

    /// <summary>β ≥ 0 of the form with a KL. Default 0.1.</summary>
    public double Beta { get; init => field = OptionCheck.NotNegative("a_lol", value); } = 0.1;

    /// <summary>The name that runs and messages use.</summary>
    public string Name => "a_lol";

    /// <summary>True when log-probabilities under the reference enter.</summary>
    public bool NeedsReference => Form != ALolForm.ReferenceFree;

    /// <summary>True when V of the prompt enters.</summary>
    public bool NeedsValues => Form != ALolForm.Reward;

    /// <summary>True when a ratio without gradient multiplies the loss: while the policy moves its value rises and falls with the ratio, and says nothing of what was learned.</summary>
    public bool LossHasNoLevel => Form is ALolForm.Sequence or ALolForm.Token or ALolForm.Reward;

    /// <summary>Loss (mean over the answers), and the advantages as an output.</summary>
    /// <param name="tokens">Log-probabilities under the policy and the reference.</param>
    /// <param name="rewards">[rows].</param>
    /// <param name="values">V of each row's prompt, [rows]; not read under <see cref="ALolForm.Reward"/> but for the metrics.</param>
    public Objective Evaluate(PolicyTokens tokens, Tensor rewards, Tensor values)
    {
        var advantage = (rewards - values).detach().clamp_min(0);
        var logProb = tokens.LogProbs.sum(-1);
        var loss = Form switch
        {
            ALolForm.Sequence => -advantage * Ratio((logProb - Reference(tokens).sum(-1)).detach()) * logProb,
            ALolForm.Token => -advantage * Masked.Keep(Ratio((tokens.LogProbs - Reference(tokens)).detach()) * tokens.LogProbs, tokens.Mask).sum(-1),
            ALolForm.ReferenceFree => -advantage * logProb,
            ALolForm.Kl => (-advantage * logProb) + (Beta * (logProb - Reference(tokens).sum(-1))),
            ALolForm.Reward => -rewards.detach() * Ratio((logProb - Reference(tokens).sum(-1)).detach()) * logProb,
            _ => throw new AlidadeException($"there is no form {(int)Form} of A-LoL"),
        };
        return new(loss.mean(), loss)
        {
            Metrics = new Dictionary<string, Tensor> { ["mean_advantage"] = advantage.mean(), ["fraction_without_gradient"] = advantage.eq(0).to(advantage.dtype).mean(), ["answer_log_prob"] = logProb.detach().mean() },
            Outputs = new Dictionary<string, Tensor> { ["advantage"] = advantage },
        };
    }

    private static Tensor Reference(PolicyTokens tokens) => tokens.RequireReference("A-LoL");

    private Tensor Ratio(Tensor logRatio) => Clip is { } c ? logRatio.exp().clamp(1 - c, 1 + c) : logRatio.exp();
}
