namespace Alidade.Training.Watching.Watches;

/// <summary>Answers grow longer and longer: many rewards and losses like length for itself.</summary>
public sealed record LengthExplodes : CurveWatch
{
    /// <summary>Factor on the length at the start. Default 2.</summary>
    public double Factor { get; init; } = 2;

    /// <inheritdoc/>
    public override string Name => "length_explodes";

    /// <inheritdoc/>
    public override string Source => "Singhal et al. 2023 (arXiv 2310.03716); Liu et al. 2025 (arXiv 2503.20783, Dr. GRPO), section 3.1; the threshold is Alidade's";

    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        Ends(curve, "answer_tokens") is var (start, now) && start > 0 && now > Factor * start
            ? Line($"answers have grown from {start:f0} to {now:f0} tokens. Look at samples; take a loss that does not prefer length (dr_grpo, simpo), or a reward that charges for it")
            : null;
}
