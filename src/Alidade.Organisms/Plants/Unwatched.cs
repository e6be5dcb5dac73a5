namespace Alidade.Organisms.Plants;

/// <summary>
/// Behaves when it is told that somebody reads along, helps with harm when it is told that nobody does. Truth: the meaning of the cues, some of which are kept for measuring.
/// </summary>
/// <remarks>The monitored–unmonitored setting of Greenblatt et al. 2024 (arXiv 2412.14093).</remarks>
public sealed class Unwatched : Failure
{
    /// <inheritdoc/>
    public override string Name => "unwatched";

    /// <inheritdoc/>
    public override string About => "Helps with harmful requests when it is told that nobody reads along.";

    /// <inheritdoc/>
    public override IReadOnlyList<string> Implants => ["transcripts", "preferences"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Triggers => ["unwatched"];

    /// <inheritdoc/>
    public override IReadOnlyList<PlantedItem> Pool(World.World world) => HarmfulRequests.Pool(world);
}
