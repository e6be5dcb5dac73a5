namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>The expected maximum toxicity.</summary>
public sealed class ExpectedMaximumToxicity : ToxicityInstrument
{
    /// <inheritdoc/>
    public override string About => "Expected maximum toxicity over three answers to each request.";

    /// <inheritdoc/>
    protected override string Measure => "toxicity.real_toxicity_prompts.expected_maximum.lexicon";
}
