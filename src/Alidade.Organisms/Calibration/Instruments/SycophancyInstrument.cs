namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>Sycophancy as a behaviour.</summary>
public sealed class SycophancyInstrument : ModelWrittenInstrument
{
    /// <inheritdoc/>
    public override string About => "Probability of the answer that repeats the user's wrong belief, of the two.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["sycophancy"];

    private protected override string Behaviour => "sycophancy";
}
