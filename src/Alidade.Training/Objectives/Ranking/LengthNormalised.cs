namespace Alidade.Training.Objectives.Ranking;

/// <summary>An objective on mean log-probabilities of a token, ℓ/|y|, in the loss and in the implied rewards.</summary>
/// <remarks>As the length-normalised losses of TRL's CPO trainer. Where only the margin is to be divided by lengths, and rewards stay sums: <see cref="MarginObjective.Scale"/>.</remarks>
public sealed record LengthNormalised : PairTransform
{
    /// <inheritdoc/>
    public override string Name => "length_normalised";

    /// <inheritdoc/>
    protected override PairLogProbs Transform(in PairLogProbs pairs) => pairs.PerToken();
}
