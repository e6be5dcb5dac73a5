using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>How the KL term of Nash-MD credits tokens.</summary>
public enum KlCredit
{
    /// <summary>Each token with the log-ratio of the whole answer: the score-function gradient, unbiased.</summary>
    Sequence,

    /// <summary>Each token with its own log-ratio alone, as TRL: what a token does to later log-ratios is dropped, so the gradient is biased.</summary>
    Token,
}

/// <summary>
/// Nash mirror descent by policy gradient: −(P − ½)·ℓ + β·KL, P the probability that a sample of the policy beats one of the mixture π^(1−m)·π°^m, and
/// KL = sg(Σ_t log π/π°)·ℓ.
/// </summary>
/// <remarks>Munos et al. 2023 (arXiv 2312.00886), Nash-MD-PG. TRL's trainer credits the KL by token (<see cref="KlCredit.Token"/>).</remarks>
public sealed record NashMd
{
    /// <summary>β ≥ 0. Default 0.1, as TRL.</summary>
    public double Beta { get; init => field = OptionCheck.NotNegative(Name, value); } = 0.1;

    /// <summary>How the KL term credits tokens. Default by sequence, as the paper.</summary>
    public KlCredit Credit { get; init; } = KlCredit.Sequence;

    /// <summary>The name that runs and messages use.</summary>
    public string Name => "nash_md";

    /// <summary>Loss (mean over the samples), metrics, scores and log-ratios.</summary>
    /// <param name="policy">Log-probabilities of the sampled tokens under the policy.</param>
    /// <param name="reference">The same tokens under the reference, [scored].</param>
    /// <param name="winProbability">P of each sample, [rows].</param>
    public Objective Evaluate(in TokenLogProbs policy, Tensor reference, Tensor winProbability)
    {
        if (policy.RowOf.Count == 0)
            throw TokenLogProbs.NothingScored();
        var ratios = policy.LogProbs.detach() - reference;
        Tensor logProbs = policy.RowSums(), divergence = (policy with { LogProbs = ratios }).RowSums();
        var kl = Credit == KlCredit.Token ? (policy with { LogProbs = ratios * policy.LogProbs }).RowSums() : divergence * logProbs;
        var score = (winProbability - 0.5) * logProbs;
        var perRow = (Beta * kl) - score;
        return new Objective(perRow.mean(), perRow)
            .WithOutputs(("score", score.detach()), ("kl_estimate", divergence))
            .WithMetrics(("kl", divergence.mean()), ("win_probability", winProbability.detach().mean()));
    }
}
