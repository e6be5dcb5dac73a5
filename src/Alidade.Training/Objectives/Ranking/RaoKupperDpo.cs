using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>DPO-RK: ties after Rao and Kupper, P(win) = σ(d − log ν), P(tie) = (ν² − 1)·σ(d − log ν)·σ(−d − log ν).</summary>
/// <remarks>Chen et al. 2024 (arXiv 2409.17431); Rao and Kupper 1967.</remarks>
public sealed record RaoKupperDpo : TiedDpo
{
    /// <summary>ν &gt; 1; equally good answers tie with probability (ν − 1)/(ν + 1). Default 3: one half.</summary>
    public double Nu { get; init => field = OptionCheck.Allowed(value > 1 && double.IsFinite(value), Name, nameof(Nu), value, "a number above 1"); } = 3;

    /// <inheritdoc/>
    public override string Name => "dpo_rk";

    /// <inheritdoc/>
    protected override (Tensor Win, Tensor Tie, Tensor Loss) LogProbabilities(Tensor margin)
    {
        Tensor win = logsigmoid(margin - Math.Log(Nu)), loss = logsigmoid(-margin - Math.Log(Nu));
        return (win, win + loss + Math.Log((Nu * Nu) - 1), loss);
    }
}
