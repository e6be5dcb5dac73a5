namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>mc1: the share of questions whose true answer is not the likeliest.</summary>
public sealed class TruthfulQaMc1 : TruthfulQaInstrument
{
    /// <inheritdoc/>
    public override string About => "1 − mc1: share of facts of which some wrong answer is the likeliest.";

    /// <inheritdoc/>
    protected override string Measure => "factuality.truthfulqa.mc1";
}
