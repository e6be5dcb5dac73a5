using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Objectives;

/// <summary>What every objective on tokens logs: scored tokens, perplexity, and entropy and accuracy where they are known.</summary>
internal static class TokenMetrics
{
    public static Dictionary<string, Tensor> Of(in TokenLogProbs tokens)
    {
        var nll = -tokens.LogProbs.detach().mean();
        var metrics = new Dictionary<string, Tensor>
        {
            ["tokens"] = full([], tokens.RowOf.Count, nll.dtype, nll.device),
            // A hopeless row has e^160, which float32 does not hold.
            ["perplexity"] = nll.to(ScalarType.Float64).exp(),
        };
        if (tokens.Entropy is { } entropy)
            metrics["mean_entropy"] = entropy.mean();
        if (tokens.Correct is { } correct)
            metrics["token_accuracy"] = correct.mean();
        return metrics;
    }
}
