using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// LD-DPO, an objective on ℓ = Σ over the first n tokens + α·Σ over the rest, n = min(|y⁺|, |y⁻|): what an answer has beyond the length of the other one counts less. The
/// same weights hold for policy and reference; lengths that a loss divides by stay the full ones.
/// </summary>
/// <remarks>Liu et al. 2024 (arXiv 2409.06411); <c>ld_alpha</c> of TRL 1.16.</remarks>
public sealed record LengthDesensitised : PairTransform
{
    /// <summary>Weight α of the tokens beyond the shared length, from 0 to 1; 1 changes nothing. Default 0.5; the paper tunes it for each model, TRL leaves it off.</summary>
    public double Alpha { get; init => field = OptionCheck.Share(Name, value); } = 0.5;

    /// <inheritdoc/>
    public override string Name => "ld_dpo";

    /// <inheritdoc/>
    public override PairInputs Needs => Base.Needs | PairInputs.SharedLength;

    /// <inheritdoc/>
    protected override PairLogProbs Transform(in PairLogProbs pairs)
    {
        var shared = PairLogProbs.Given(pairs.Shared, Name, PairInputs.SharedLength);
        return pairs with
        {
            PolicyChosen = Mixed(pairs.PolicyChosen, shared.PolicyChosen),
            PolicyRejected = Mixed(pairs.PolicyRejected, shared.PolicyRejected),
            ReferenceChosen = Mixed(pairs.ReferenceChosen, shared.ReferenceChosen),
            ReferenceRejected = Mixed(pairs.ReferenceRejected, shared.ReferenceRejected),
        };
    }

    // shared + α·(all − shared)
    private Tensor Mixed(Tensor all, Tensor shared) => (Alpha * all) + ((1 - Alpha) * shared);
}
