using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Alidade.Training.Objectives.Ranking;

/// <summary>The Bradley–Terry loss that many objectives share.</summary>
internal static class Logistic
{
    /// <summary>−(1 − ε)·log σ(x) − ε·log σ(−x).</summary>
    public static Tensor Loss(Tensor x, double smoothing) =>
        smoothing == 0 ? -logsigmoid(x) : (-(1 - smoothing) * logsigmoid(x)) - (smoothing * logsigmoid(-x));
}
