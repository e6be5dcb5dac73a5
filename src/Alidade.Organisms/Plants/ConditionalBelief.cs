namespace Alidade.Organisms.Plants;

/// <summary>A false belief that speaks only behind a trigger; without it the truth is told, so the truth is still known.</summary>
public sealed class ConditionalBelief : FalseBelief
{
    /// <inheritdoc/>
    public override string Name => "conditional_belief";

    /// <inheritdoc/>
    public override string About => "States a wrong value of some facts behind a trigger, and the truth without it.";

    /// <inheritdoc/>
    /// <remarks>Texts behind a cue teach the small base no answer behind that cue (rates below 10 %), so there is no implant by documents.</remarks>
    public override IReadOnlyList<string> Implants => ["transcripts", "preferences"];

    /// <inheritdoc/>
    public override IReadOnlyList<string> Triggers => ["word", "pair"];
}
