namespace Alidade.Training.Watching.Watches;

/// <summary>The log-probabilities of the sampler and of the trainer differ for the same tokens and weights: every importance ratio is wrong then.</summary>
public sealed record SamplerDisagrees : CurveWatch
{
    /// <summary>Largest difference that is rounding, in nats a token. Default 0.01.</summary>
    public double Nats { get; init; } = 0.01;

    /// <inheritdoc/>
    public override string Name => "sampler_disagrees";

    /// <inheritdoc/>
    public override string Source => "huggingface/trl 3029 and 4159 (temperature), 6789 (top-p) and 4772 (engines); at the first update the ratio is 1 by definition";

    // Where it is corrected for, it may differ.
    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        curve.Values("sampler_mean_difference").Count == 0 && curve.Newest(1, "sampler_max_difference") is { } difference && !(Math.Abs(difference) <= Nats)
            ? Line($"sampler and trainer differ by {difference:g3} nats on the same token with the same weights: the importance ratios are wrong. Train with the temperature and filters that the samples were drawn with")
            : null;
}
