using Alidade.Core;
using Alidade.Models;
using Alidade.Models.Native;
using Alidade.Training.Objectives;
using Alidade.Training.Optimisation;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>
/// One update of the weights, the same for every loop: losses of micro-batches are run backward, gradients adding up; then the gradients are clipped, the numbers are
/// read back once, and AdamW takes its step.
/// </summary>
internal sealed class UpdateStep(IReadOnlyList<(string Name, Tensor Value)> trainable, AdamW optimiser, double maxGradientNorm) : IDisposable
{
    private readonly GradientPlaces places = new(trainable.Select(p => p.Value));
    private readonly List<Tensor> losses = [];
    private MetricSum metrics = new();

    /// <summary>Forgets gradients and numbers.</summary>
    public void Begin()
    {
        losses.Clear();
        metrics = new();
        ClearGradients(trainable);
    }

    /// <summary>Runs one loss backward; its numbers move to the caller's outer scope.</summary>
    public void Add(Objective objective)
    {
        NativeErrors.Run("backward pass", objective.Loss.backward, objective.Loss);
        losses.Add(objective.Loss.detach().MoveToOuterDisposeScope());
        foreach (var (name, value) in objective.Metrics)
            metrics.Add(name, value.MoveToOuterDisposeScope(), objective.MetricWeights.GetValueOrDefault(name, 1));
    }

    /// <summary>Steps; the sum of the losses, the 2-norm of the gradients before clipping, and the means of the metrics. All zero when nothing was added.</summary>
    /// <param name="what">Names the update in an error, such as "dpo: update 3".</param>
    /// <param name="rate">Learning rate.</param>
    /// <exception cref="AlidadeException">Loss or gradients are no longer numbers; the weights are unchanged.</exception>
    public (double Loss, double GradientNorm, IReadOnlyDictionary<string, double> Metrics) Take(string what, double rate)
    {
        if (losses.Count == 0)
            return (0, 0, new Dictionary<string, double>());
        var norm = GradientClipping.Clip(trainable.Select(p => p.Value.grad).OfType<Tensor>(), maxGradientNorm);
        metrics.Add(".loss", stack(losses).sum());
        metrics.Add(".norm", norm);
        var values = metrics.Read();
        values.Remove(".loss", out var loss);
        values.Remove(".norm", out var gradientNorm);
        // Looked at before the step, so that the weights are still good and the last checkpoint is too.
        if (!double.IsFinite(loss) || !double.IsFinite(gradientNorm))
            throw new AlidadeException(FormattableString.Invariant(
                $"{what} has loss {loss} and gradient norm {gradientNorm}; the weights before it are kept. Lower the learning rate ({rate:g3} at this update)"));
        optimiser.Step(rate);
        return (loss, gradientNorm, values);
    }

    /// <inheritdoc/>
    public void Dispose() => places.Dispose();

    /// <summary>Lets the weights collect gradients, or no longer; those collected so far are forgotten.</summary>
    public static void SetGradients(IReadOnlyList<(string Name, Tensor Value)> weights, bool wanted)
    {
        ClearGradients(weights);
        foreach (var (_, value) in weights)
            value.requires_grad_(wanted);
    }

    public static void ClearGradients(IEnumerable<(string Name, Tensor Value)> weights)
    {
        foreach (var (_, value) in weights)
            value.grad = null;
    }
}
