using Alidade.Models;
using Alidade.Models.Batches;
using Alidade.Models.Hooks;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Interpretability.Patching;

/// <summary>
/// Activation patching: run the corrupted input, put the clean run's activation in at one layer and position, and read the metric.
/// </summary>
/// <remarks>Meng et al. 2022 (arXiv 2202.05262), Wang et al. 2022 (arXiv 2211.00593); grids and direction as TransformerLens' <c>patching.py</c>.</remarks>
public static class ActivationPatching
{
    /// <summary>The metric for every layer and position.</summary>
    /// <param name="model">The model.</param>
    /// <param name="corrupted">The input of the patched run.</param>
    /// <param name="clean">Activations of the clean run at <c>blocks.*.POINT</c>, same shape.</param>
    /// <param name="point">The activation in a block, such as <c>hook_resid_pre</c>; [rows, positions, width].</param>
    /// <param name="metric">From logits [rows, positions, vocabulary] to a number.</param>
    /// <returns>[layers, positions].</returns>
    public static double[,] Grid(CausalLM model, TokenGrid corrupted, ActivationCache clean, string point, Func<Tensor, double> metric)
    {
        using var noGrad = no_grad();
        var positions = (int)corrupted.Ids.size(1);
        var grid = new double[model.Config.Layers, positions];
        for (var layer = 0; layer < model.Config.Layers; layer++)
        {
            for (var position = 0; position < positions; position++)
            {
                var at = position;
                using var scope = NewDisposeScope();
                using var patch = model.Hooks.Add($"blocks.{layer}.{point}", (value, name) =>
                {
                    var patched = value.clone();
                    patched.narrow(1, at, 1).copy_(clean[name].narrow(1, at, 1));
                    return patched;
                });
                grid[layer, position] = metric(model.Logits(corrupted));
            }
        }

        return grid;
    }

    /// <summary>
    /// (m − m_corrupted) / (m_clean − m_corrupted): 0 where the patch changes nothing, 1 where it brings the clean result back; not a number where the two results are the
    /// same, since of nothing there is no share.
    /// </summary>
    public static double Normalised(double patched, double corrupted, double clean) => clean == corrupted ? double.NaN : (patched - corrupted) / (clean - corrupted);
}
