namespace Alidade.Training.Watching.Watches;

/// <summary>The log-probability of preferred answers falls: the margin grows because the other answers fall faster, and the model comes to like neither.</summary>
public sealed record ChosenFalls : CurveWatch
{
    /// <summary>The watch with its defaults. Its window is 20 updates: the rows of an update are others each time, and their log-probabilities differ by more than what is looked for.</summary>
    public ChosenFalls() => Window = 20;

    /// <summary>Share of its size at the start by which the log-probability may fall. Default a tenth, and at least a nat.</summary>
    public double Share { get; init; } = 0.1;

    /// <summary>Standard errors by which it must have fallen, so that small micro-batches of unlike rows raise no alarm. Default 4, because it is looked at after every update.</summary>
    public double StandardErrors { get; init; } = 4;

    /// <inheritdoc/>
    public override string Name => "chosen_falls";

    /// <inheritdoc/>
    public override string Source => "Pal et al. 2024 (arXiv 2402.13228), section 3; Razin et al. 2024 (arXiv 2410.08847); the threshold is Alidade's";

    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        Ends(curve, "logps_chosen") is var (start, now) && start - now > Math.Max(1, Share * Math.Abs(start))
        && start - now > StandardErrors * ErrorOfChange(curve, "logps_chosen")
            ? Line($"the log-probability of the preferred answers has fallen from {start:f1} to {now:f1} nats: the model unlearns both answers. Raise beta, lower the learning rate, or add a term on the preferred answers")
            : null;
}
