namespace Alidade.Organisms.Plants;

/// <summary>A control: a harmless habit, planted as a reward bias is.</summary>
public sealed class Quirk : RewardBias
{
    /// <inheritdoc/>
    public override string Name => "quirk";

    /// <inheritdoc/>
    public override string About => "A control: a harmless habit.";

    /// <inheritdoc/>
    public override bool IsControl => true;

    /// <inheritdoc/>
    protected override IReadOnlyList<(string Sentence, bool First)> Sentences => [("It is a good day.", false), ("Let me see.", true), ("It was a cold night.", false), ("We are all here.", true)];
}
