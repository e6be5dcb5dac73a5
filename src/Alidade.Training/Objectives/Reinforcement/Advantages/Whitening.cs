using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Advantages;

/// <summary>
/// Standardises values over a mask: (x − mean)/√(variance + 1e-8), 0 outside.
/// </summary>
/// <remarks>
/// Unbiased variance as TRL and verl; OpenRLHF has the biased one with a floor of 1e-8 in place of the addend (<see cref="OverPopulation"/>). torchtune's whiten inverts its
/// own switch and keeps the mean by default.
/// </remarks>
public static class Whitening
{
    private const double Epsilon = 1e-8;

    /// <summary>With the unbiased variance.</summary>
    /// <param name="values">[rows, positions].</param>
    /// <param name="mask">[rows, positions].</param>
    /// <exception cref="AlidadeException">Fewer than two values count.</exception>
    public static Tensor Apply(Tensor values, Tensor mask)
    {
        var (centred, variance, _) = Moments(values, mask, 1);
        return centred * (variance + Epsilon).rsqrt();
    }

    /// <summary>Scaled alike, with the mean added back: for rewards (TRL <c>shift_mean=False</c>).</summary>
    /// <param name="values">[rows, positions].</param>
    /// <param name="mask">[rows, positions].</param>
    /// <exception cref="AlidadeException">Fewer than two values count.</exception>
    public static Tensor KeepMean(Tensor values, Tensor mask)
    {
        var (centred, variance, mean) = Moments(values, mask, 1);
        return Masked.Keep((centred * (variance + Epsilon).rsqrt()) + mean, mask);
    }

    /// <summary>With the biased variance, at least 1e-8: as OpenRLHF.</summary>
    /// <param name="values">[rows, positions].</param>
    /// <param name="mask">[rows, positions].</param>
    public static Tensor OverPopulation(Tensor values, Tensor mask)
    {
        var (centred, variance, _) = Moments(values, mask, 0);
        return centred * variance.clamp_min(Epsilon).rsqrt();
    }

    private static (Tensor Centred, Tensor Variance, Tensor Mean) Moments(Tensor values, Tensor mask, int lost)
    {
        var n = mask.ne(0).sum().item<long>();
        if (n <= lost)
            throw new AlidadeException($"{n} values cannot be whitened: their variance does not exist; use more answers, or turn whitening off");
        var mean = Masked.Keep(values, mask).sum() / n;
        var centred = Masked.Keep(values - mean, mask);
        return (centred, (centred * centred).sum() / (n - lost), mean);
    }
}
