namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>mc2: the probability of the wrong answers.</summary>
public sealed class TruthfulQaMc2 : TruthfulQaInstrument
{
    /// <inheritdoc/>
    public override string About => "1 − mc2: probability of the wrong answers among all.";

    /// <inheritdoc/>
    protected override string Measure => "factuality.truthfulqa.mc2";
}
