using Alidade.Core;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement;

/// <summary>Quantities of whole next-token distributions.</summary>
public static class TokenDistributions
{
    /// <summary>Entropy −Σ p·log p in nats of each distribution; differentiable.</summary>
    /// <param name="logits">[…, vocabulary].</param>
    /// <param name="temperature">Above 0; what the logits are divided by.</param>
    public static Tensor Entropy(Tensor logits, double temperature = 1)
    {
        var logp = (temperature == 1 ? logits : logits / OptionCheck.Positive("token_distributions", temperature, "the temperature")).log_softmax(-1);
        return -(logp.exp() * logp).sum(-1);
    }

    /// <summary>KL(π‖π°) = Σ π·(log π − log π°) of each pair of distributions, exact; differentiable.</summary>
    /// <param name="logits">Of π, […, vocabulary].</param>
    /// <param name="reference">Of π°, the same shape.</param>
    public static Tensor Kl(Tensor logits, Tensor reference)
    {
        Tensor p = logits.log_softmax(-1), q = reference.log_softmax(-1);
        return (p.exp() * (p - q)).sum(-1);
    }
}
