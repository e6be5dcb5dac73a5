using static TorchSharp.torch;

namespace Alidade.Training.Objectives.Supervised;

/// <summary>
/// Noisy embeddings while training: e + u·α/√(L·d), u uniform in [−1, 1], L the tokens of the row and d the width. No objective of its own; it goes with any.
/// </summary>
/// <remarks>Jain et al. 2023 (NEFTune, arXiv 2310.05914), algorithm 1. transformers takes the padded length of the batch for every row; the paper, and Alidade, the row's own.</remarks>
public sealed record Neftune
{
    /// <summary>α above 0. Default 5, the paper's smallest.</summary>
    public double Alpha
    {
        get;
        init => field = OptionCheck.Positive("neftune", value);
    } = 5;

    /// <summary>The noisy embeddings.</summary>
    /// <param name="embeddings">[rows, positions, width].</param>
    /// <param name="uniform">u in [−1, 1], of the same shape.</param>
    /// <param name="lengths">L at each position, [rows, positions] or what broadcasts to it.</param>
    public Tensor Noisy(Tensor embeddings, Tensor uniform, Tensor lengths) =>
        embeddings + (uniform * (Alpha / (lengths * embeddings.size(-1)).sqrt()).unsqueeze(-1));
}
