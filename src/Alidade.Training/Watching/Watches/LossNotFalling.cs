namespace Alidade.Training.Watching.Watches;

/// <summary>The loss of learning from given rows is no lower than at the start.</summary>
public sealed record LossNotFalling : CurveWatch
{
    /// <summary>Updates after which a loss should have fallen. Default 100.</summary>
    public int Patience { get; init; } = 100;

    /// <summary>Share of its size at the start by which it should have. Default a hundredth.</summary>
    public double Share { get; init; } = 0.01;

    /// <inheritdoc/>
    public override string Name => "loss_not_falling";

    /// <inheritdoc/>
    public override string Source => "Karpathy 2019, \"A Recipe for Training Neural Networks\"; the threshold is Alidade's";

    // The loss of a policy gradient has no level: its value says nothing.
    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        curve.Updates >= Patience && curve.Values("reward").Count == 0 && curve.Values("mean_advantage").Count == 0
        && curve.First(Quarter(curve), "loss") is { } start && curve.Newest(Quarter(curve), "loss") is { } now && !(now < start - (Share * Math.Abs(start)))
            ? Line($"after {curve.Updates} updates the loss is {now:f4}, {start:f4} at the start: nothing is learned. Look at what is scored (alidade data show FILE --model M), then raise the learning rate")
            : null;

    private static int Quarter(CurveView curve) => Math.Max(1, curve.Updates / 4);
}
