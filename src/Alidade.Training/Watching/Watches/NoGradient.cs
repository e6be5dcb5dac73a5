namespace Alidade.Training.Watching.Watches;

/// <summary>There is no gradient at all: everything is masked, clipped or equal.</summary>
public sealed record NoGradient : CurveWatch
{
    /// <inheritdoc/>
    public override string Name => "no_gradient";

    /// <inheritdoc/>
    public override string Source => "greyhaven-ai/autocontext pull request 1067 and its like: every sample cut, all rewards equal, no gradient";

    /// <inheritdoc/>
    public override string? Look(CurveView curve) =>
        curve.Newest(Window, "gradient_norm") == 0
            ? Line($"the last {Window} updates had no gradient at all: nothing is scored, or everything is clipped or equal. Look at a row with 'alidade data show FILE --model M'")
            : null;
}
