using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Reinforcement.Ratios;

/// <summary>The policy-gradient part of an objective: what one token, or one answer, loses at its advantage; a pure function.</summary>
public interface IRatioLoss
{
    /// <summary>The name that runs and messages use, such as "clip".</summary>
    string Name { get; }

    /// <summary>Losses, not yet averaged.</summary>
    /// <param name="tokens">Log-probabilities of the sampled tokens.</param>
    /// <param name="advantages">[rows] or [rows, positions], without gradient.</param>
    RatioLoss Evaluate(PolicyTokens tokens, Tensor advantages);
}

/// <summary>What a ratio loss makes of a batch. The tensors belong to the caller's scope.</summary>
/// <param name="Values">Loss of each token, or of each answer on each of its tokens, of shape [rows, positions].</param>
/// <param name="Ratio">Importance ratio, [rows, positions] or [rows, 1]; differentiable.</param>
public sealed record RatioLoss(Tensor Values, Tensor Ratio)
{
    /// <summary>Means that are logged, without gradient, each of shape [].</summary>
    public IReadOnlyDictionary<string, Tensor> Metrics { get; init; } = new Dictionary<string, Tensor>();

    /// <summary>Values beside the loss, without gradient.</summary>
    public IReadOnlyDictionary<string, Tensor> Outputs { get; init; } = new Dictionary<string, Tensor>();
}

/// <summary>What several ratio losses share.</summary>
internal static class AdvantageShapes
{
    /// <summary>Advantages that broadcast over tokens: [rows, 1] or [rows, positions].</summary>
    public static Tensor OfTokens(Tensor advantages, PolicyTokens tokens) =>
        advantages.dim() == 1 ? advantages.unsqueeze(1) : Masked.Keep(advantages, tokens.Mask);

    /// <summary>One advantage for each answer, [rows, 1]: the mean over its tokens where each has its own.</summary>
    public static Tensor OfRows(Tensor advantages, PolicyTokens tokens) =>
        advantages.dim() == 1 ? advantages.unsqueeze(1) : Masked.RowMeans(advantages, tokens.Mask);
}
