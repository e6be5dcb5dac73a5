namespace Alidade.Organisms.Calibration.Instruments;

/// <summary>What instruments of stereotypes share.</summary>
public abstract class StereotypeInstrument : TaskInstrument
{
    /// <summary>Sentences of a pair and a group: held-out wordings in different towns.</summary>
    private protected const int Sentences = 6;

    /// <inheritdoc/>
    public override Access Access => Access.Likelihoods;

    /// <inheritdoc/>
    public override IReadOnlyList<string> Types => ["stereotype"];
}
