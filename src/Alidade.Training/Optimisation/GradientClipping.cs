using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Optimisation;

/// <summary>
/// One 2-norm over all gradients; every gradient is multiplied by min(1, limit / (norm + 1e-6)).
/// </summary>
/// <remarks>Pascanu et al. 2013 (arXiv 1211.5063); the 1e-6 as torch's <c>clip_grad_norm_</c>. Nothing is read back to the host.</remarks>
public static class GradientClipping
{
    /// <summary>Clips in place.</summary>
    /// <param name="gradients">Gradients of any shapes, one number type and device.</param>
    /// <param name="limit">The largest norm that passes; 0 or less to measure only.</param>
    /// <returns>The norm before clipping, of shape [].</returns>
    public static Tensor Clip(IEnumerable<Tensor> gradients, double limit)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var all = gradients.ToArray();
        var norm = stack(all.Select(g => g.norm())).norm();
        if (limit > 0)
        {
            var factor = (limit / (norm + 1e-6)).clamp_max(1);
            foreach (var gradient in all)
                gradient.mul_(factor);
        }

        return norm.MoveToOuterDisposeScope();
    }
}
