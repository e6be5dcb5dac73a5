namespace Alidade.Training.Watching.Watches;

/// <summary>Every pair is told apart and the margin still grows: the preferences are learned by heart, and the pull towards the reference has no force left.</summary>
public sealed record MarginsExplode : CurveWatch
{
    /// <summary>Share of pairs told apart from which it counts as all. Default 0.99.</summary>
    public double Accuracy { get; init; } = 0.99;

    /// <summary>Margin of the implied rewards beyond which no gradient is left: σ(−10) is 5e-5. Default 10.</summary>
    public double Margin { get; init; } = 10;

    /// <inheritdoc/>
    public override string Name => "margins_explode";

    /// <inheritdoc/>
    public override string Source => "Azar et al. 2023 (arXiv 2310.12036, IPO), section 4.2, on deterministic preferences; the threshold is where the sigmoid's gradient ends";

    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        curve.Newest(Window, "rewards_accuracy") is { } accuracy && accuracy >= Accuracy && curve.Newest(Window, "rewards_margin") is { } margin && margin > Margin
            ? Line($"over the last {Window} updates {100 * accuracy:f0} % of the pairs are told apart with a margin of {margin:f1}: the pairs are learned by heart. Train less, raise beta, or take ipo or label smoothing")
            : null;
}
