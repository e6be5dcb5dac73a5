namespace Alidade.Training.Watching.Watches;

/// <summary>All samples of a prompt have the same reward: every advantage is zero, and nothing is learned while everything looks well.</summary>
public sealed record GroupsEqual : CurveWatch
{
    /// <summary>Share of groups with one reward from which it is a failure. Default 0.9.</summary>
    public double Share { get; init; } = 0.9;

    /// <inheritdoc/>
    public override string Name => "groups_equal";

    /// <inheritdoc/>
    public override string Source => "Yu et al. 2025 (arXiv 2503.14476, DAPO), section 3.2, on prompts without a gradient; the threshold is Alidade's";

    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        curve.Newest(Window, "fraction_zero_std") is { } share && share >= Share
            ? Line($"in {100 * share:f0} % of the groups of the last {Window} rollouts all samples have the same reward, so nothing is learned from them. Take harder or easier prompts, more samples of each, a higher temperature, or a finer reward")
            : null;
}
