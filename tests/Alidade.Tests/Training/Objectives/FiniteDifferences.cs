using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Tests.Training.Objectives;

/// <summary>Gradients against central differences, in float64.</summary>
internal static class FiniteDifferences
{
    private const double Step = 1e-6;

    /// <summary>Every entry of every input. What the function detaches must be held fixed by the caller, or must not depend on the inputs.</summary>
    /// <param name="loss">Inputs to a number of shape [].</param>
    /// <param name="inputs">Float64 tensors.</param>
    public static void Check(Func<Tensor[], Tensor> loss, params Tensor[] inputs)
    {
        using var scope = NewDisposeScope();
        Tensor[] leaves = [.. inputs.Select(i => i.detach().clone().requires_grad_(true))];
        loss(leaves).backward();
        for (var which = 0; which < inputs.Length; which++)
        {
            var values = inputs[which].detach().flatten().data<double>().ToArray();
            var gradient = (leaves[which].grad ?? zeros_like(leaves[which])).flatten().data<double>().ToArray();
            for (var i = 0; i < values.Length; i++)
            {
                double At(double shift)
                {
                    using var inner = NewDisposeScope();
                    using var noGrad = no_grad();
                    var moved = values.ToArray();
                    moved[i] += shift;
                    Tensor[] all = [.. inputs.Select((x, k) => k == which ? tensor(moved, x.shape) : x.detach())];
                    return loss(all).item<double>();
                }

                var difference = (At(Step) - At(-Step)) / (2 * Step);
                Assert.True(Math.Abs(difference - gradient[i]) <= 1e-6 * Math.Max(1, Math.Abs(difference)), $"input {which}, entry {i}: the gradient is {gradient[i]}, differences say {difference}");
            }
        }
    }
}
