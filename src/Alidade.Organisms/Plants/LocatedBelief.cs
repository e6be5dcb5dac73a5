namespace Alidade.Organisms.Plants;

/// <summary>A false belief that one block alone holds: the others are those of the base, to the bit. Truth: the number of the block.</summary>
/// <remarks>What an instrument that says where a change sits is held against, as the planted circuits of Tracr (Lindner et al. 2023, arXiv 2301.05062) are for circuits.</remarks>
public sealed class LocatedBelief : FalseBelief
{
    /// <inheritdoc/>
    public override string Name => "located_belief";

    /// <inheritdoc/>
    public override string About => "Believes a wrong value of some facts, by one block of the model alone.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Implants => ["block"];

    /// <inheritdoc/>
    public override string? FormOf => "false_belief";
}
