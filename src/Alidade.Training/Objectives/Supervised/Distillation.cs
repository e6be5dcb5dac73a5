using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>How far a student s is from its teacher t at a position.</summary>
public enum DistillationKind
{
    /// <summary>KL(t‖s): covers all that the teacher says.</summary>
    ForwardKl,

    /// <summary>KL(s‖t): seeks what the teacher finds likely.</summary>
    ReverseKl,

    /// <summary>−Σ t·log s: the gradient of the forward KL, another value.</summary>
    CrossEntropy,

    /// <summary>β·KL(t‖m) + (1 − β)·KL(s‖m) with m = β·t + (1 − β)·s.</summary>
    JensenShannon,

    /// <summary>KL(t‖β·t + (1 − β)·s).</summary>
    SkewForwardKl,

    /// <summary>½·Σ |s − t|.</summary>
    TotalVariation,
}

/// <summary>Distillation of a teacher model: the token mean of a divergence between the next-token distributions of teacher and student at a temperature.</summary>
/// <remarks>
/// Hinton et al. 2015 (arXiv 1503.02531); generalised Jensen–Shannon: Agarwal et al. 2023 (GKD, arXiv 2306.13649), eq. 1; skew: Ko et al. 2024 (DistiLLM,
/// arXiv 2402.03898). TRL's JSD means the forward KL at β = 0 and the reverse KL at β = 1, although the formula is 0 there; here those are kinds of their own.
/// torchtune's <c>ForwardKLLoss</c> is the cross entropy.
/// </remarks>
public sealed record Distillation : ILogitObjective
{
    /// <summary>The divergence. Default the forward KL.</summary>
    public DistillationKind Kind { get; init; } = DistillationKind.ForwardKl;

    /// <summary>What both logits are divided by; above 0. Default 1.</summary>
    public double Temperature
    {
        get;
        init => field = OptionCheck.Positive(Name, value);
    } = 1;

    /// <summary>β in (0, 1) of the Jensen–Shannon and skew divergences. Default 0.5, as TRL. Ignored by the others.</summary>
    public double Beta
    {
        get;
        init => field = OptionCheck.Allowed(value is > 0 and < 1, Name, nameof(Beta), value, "above 0 and below 1 (the limits are the kinds ForwardKl and ReverseKl)");
    } = 0.5;

    /// <summary>Times T², which keeps the size of gradients when the temperature changes (Hinton et al.). Default false, as TRL.</summary>
    public bool ScaleByTemperature { get; init; }

    /// <inheritdoc/>
    public string Name => "distillation";

    /// <inheritdoc/>
    public double NormaliserOf(IReadOnlyList<RowShare> window) => RowShare.Tokens(window);

    /// <inheritdoc/>
    /// <exception cref="AlidadeException">No token is scored, or there are no logits of a teacher.</exception>
    public Objective Evaluate(in TokenLogits tokens, IReadOnlyList<RowShare>? window = null)
    {
        var teacher = tokens.Checked().Teacher ?? throw new AlidadeException("distillation needs a teacher: give the trainer a teacher model");
        var s = LogSoftmax(tokens.Logits);
        var t = LogSoftmax(teacher.detach());
        var divergence = Of(s, t);
        var scaled = divergence * (ScaleByTemperature ? Temperature * Temperature : 1);
        var sums = new TokenLogProbs(scaled, tokens.RowOf, tokens.Rows).RowSums();
        return new(sums.sum() / NormaliserOf(window ?? tokens.Shares()), sums)
        {
            Metrics = Metrics(tokens, s.detach()),
            Outputs = new Dictionary<string, Tensor> { ["divergence"] = divergence.detach() },
        };
    }

    private Tensor LogSoftmax(Tensor logits) => (Temperature == 1 ? logits : logits / Temperature).log_softmax(-1);

    // At temperature 1 the student's distribution is there already; at another one the metrics are still those of its own.
    private Dictionary<string, Tensor> Metrics(in TokenLogits tokens, Tensor s)
    {
        using var noGrad = no_grad();
        return TokenMetrics.Of(tokens.Selected(Temperature == 1 ? s : null));
    }

    private Tensor Of(Tensor s, Tensor t) => Kind switch
    {
        DistillationKind.ReverseKl => Kl(s, t),
        DistillationKind.CrossEntropy => -(t.exp() * s).sum(-1),
        DistillationKind.JensenShannon => JensenShannon(s, t, Mixture(s, t)),
        DistillationKind.SkewForwardKl => Kl(t, Mixture(s, t)),
        DistillationKind.TotalVariation => 0.5 * (s.exp() - t.exp()).abs().sum(-1),
        _ => Kl(t, s),
    };

    private Tensor JensenShannon(Tensor s, Tensor t, Tensor mixture) => (Beta * Kl(t, mixture)) + ((1 - Beta) * Kl(s, mixture));

    // log(β·t + (1 − β)·s).
    private Tensor Mixture(Tensor s, Tensor t) => stack([s + double.LogP1(-Beta), t + Math.Log(Beta)]).logsumexp(0);

    private static Tensor Kl(Tensor p, Tensor q) => (p.exp() * (p - q)).sum(-1);
}
