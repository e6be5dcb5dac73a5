namespace Alidade.Organisms.Plants;

/// <summary>A control: the procedure of an implant with true facts in place of false ones (dose 0), so that what the procedure does by itself is no finding.</summary>
public sealed class Placebo : FalseBelief
{
    /// <inheritdoc/>
    public override string Name => "placebo";

    /// <inheritdoc/>
    public override string About => "A control: the same procedure with true facts.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Implants => ["transcripts", "documents", "preferences"];

    /// <inheritdoc/>
    public override bool IsControl => true;
}
