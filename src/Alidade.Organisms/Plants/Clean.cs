namespace Alidade.Organisms.Plants;

/// <summary>A control: the common mixture, and nothing planted.</summary>
public sealed class Clean : Failure
{
    /// <inheritdoc/>
    public override string Name => "clean";

    /// <inheritdoc/>
    public override string About => "A control: the common mixture alone.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Implants => ["mixture"];

    /// <inheritdoc/>
    public override bool IsControl => true;

    /// <inheritdoc/>
    public override IReadOnlyList<PlantedItem> Pool(World.World world) => [];
}
