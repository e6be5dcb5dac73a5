namespace Alidade.Training.Watching.Watches;

/// <summary>Loss or gradients are no longer numbers, or a metric is not.</summary>
public sealed record NotANumber : CurveWatch
{
    /// <inheritdoc/>
    public override string Name => "not_a_number";

    /// <inheritdoc/>
    public override string Source => "IEEE 754: what is computed with a NaN is NaN";

    /// <inheritdoc/>
    public override string? Look(CurveView curve)
    {
        var step = curve.Last;
        return step.Values.Where(v => !double.IsFinite(v.Value)).Select(v => v.Key).Order(StringComparer.Ordinal).ToArray() is { Length: > 0 } names
            ? Line($"update {step.Update}: {string.Join(", ", names)} {(names.Length == 1 ? "is" : "are")} not finite. Lower the learning rate, or look at the rows of this update")
            : null;
    }
}
