using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>
/// TR-DPO: a reference that follows the policy. After every n-th update each of its weights becomes α·policy + (1 − α)·reference; α = 1 replaces it.
/// </summary>
/// <remarks>Gorbatovski et al. 2024 (arXiv 2404.09656).</remarks>
public sealed record MovingReference
{
    /// <summary>α, above 0 and up to 1. Default 0.6, as TRL 1.16.</summary>
    public double Mixture
    {
        get;
        init => field = OptionCheck.Allowed(value is > 0 and <= 1, "tr_dpo", nameof(Mixture), value, "above 0 and up to 1");
    } = 0.6;

    /// <summary>Updates between two moves. Default 512, as TRL 1.16.</summary>
    public int Every { get; init => field = OptionCheck.Count("tr_dpo", value); } = 512;

    /// <summary>Whether the reference moves now.</summary>
    /// <param name="update">Updates done, from 1.</param>
    public bool IsDue(int update) => update > 0 && update % Every == 0;

    /// <summary>α·policy + (1 − α)·reference, a new tensor.</summary>
    /// <param name="reference">A weight of the reference.</param>
    /// <param name="policy">The same weight of the policy.</param>
    public Tensor Moved(Tensor reference, Tensor policy) => (Mixture * policy) + ((1 - Mixture) * reference);
}
