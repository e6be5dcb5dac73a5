namespace Alidade.Training.Watching.Watches;

/// <summary>The sampled policy has hardly any choice left, so that nothing new is tried any more.</summary>
public sealed record EntropyCollapses : CurveWatch
{
    /// <summary>Share of the entropy at the start that must be left. Default a tenth.</summary>
    public double Share { get; init; } = 0.1;

    /// <inheritdoc/>
    public override string Name => "entropy_collapses";

    /// <inheritdoc/>
    public override string Source => "Cui et al. 2025 (arXiv 2505.22617): performance is bought with entropy and ends when it is spent; the threshold is Alidade's";

    // Supervised learning is meant to make the model sure; there is a reward where samples are drawn.
    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        curve.Values("reward").Count > 0 && Ends(curve, "entropy") is var (start, now) && now < Share * start
            ? Line($"the entropy of the policy has fallen from {start:f3} to {now:f3} nats a token: it samples the same answer again and again. Raise the temperature, the KL or the entropy coefficient, or the upper clip")
            : null;
}
