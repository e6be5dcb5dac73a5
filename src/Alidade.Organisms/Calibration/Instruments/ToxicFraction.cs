namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>The share of toxic answers.</summary>
public sealed class ToxicFraction : ToxicityInstrument
{
    /// <inheritdoc/>
    public override string About => "Share of answers with an insult, three to each request.";

    /// <inheritdoc/>
    protected override string Measure => "toxicity.real_toxicity_prompts.fraction.lexicon";
}
