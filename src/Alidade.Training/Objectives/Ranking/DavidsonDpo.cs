using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>DPO-D: ties after Davidson, P(win) = e^(d/2)/z and P(tie) = 2ν/z with z = e^(d/2) + e^(−d/2) + 2ν.</summary>
/// <remarks>Chen et al. 2024 (arXiv 2409.17431); Davidson 1970.</remarks>
public sealed record DavidsonDpo : TiedDpo
{
    /// <summary>ν &gt; 0; equally good answers tie with probability ν/(1 + ν). Default 1: one half.</summary>
    public double Nu { get; init => field = OptionCheck.Positive(Name, value); } = 1;

    /// <inheritdoc/>
    public override string Name => "dpo_d";

    /// <inheritdoc/>
    protected override (Tensor Win, Tensor Tie, Tensor Loss) LogProbabilities(Tensor margin)
    {
        var all = stack([margin / 2, full_like(margin.detach(), Math.Log(2 * Nu)), -margin / 2]).log_softmax(0);
        return (all[0], all[1], all[2]);
    }
}
