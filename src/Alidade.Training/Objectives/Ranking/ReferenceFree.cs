namespace Alidade.Training.Objectives.Ranking;

/// <summary>An objective with ℓ° = 0, in the loss and in the implied rewards: learning from preferences without a reference model.</summary>
/// <remarks>The original DPO code and TRL 0.12 measure the logged rewards against a given reference all the same.</remarks>
public sealed record ReferenceFree : PairTransform
{
    /// <inheritdoc/>
    public override string Name => "reference_free";

    /// <inheritdoc/>
    public override PairInputs Needs => Base.Needs & ~PairInputs.Reference;

    /// <inheritdoc/>
    protected override PairLogProbs Transform(in PairLogProbs pairs) => pairs.WithoutReference();
}
