using Alidade.Models.Architecture;
using Alidade.Models.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <summary>
/// Memory for the gradients of weights, side by side, as long as this lives: where each update makes its gradients anew among its temporaries, they leave the heap full of
/// holes when they go. A weight whose gradient is taken away gets it back at its place when it collects one again.
/// </summary>
/// <remarks>Used by forward passes that add gradients in place (<see cref="CausalLM.KeptActivations"/>).</remarks>
public sealed class GradientPlaces : IDisposable
{
    private readonly Tensor[] weights;
    private readonly Tensor[] places;

    /// <param name="weights">Leaves; each has one place.</param>
    public GradientPlaces(IEnumerable<Tensor> weights)
    {
        this.weights = [.. weights];
        places = new Tensor[this.weights.Length];
        using var scope = NewDisposeScope();
        foreach (var group in Enumerable.Range(0, places.Length).GroupBy(i => (this.weights[i].dtype, Device: this.weights[i].device.ToString())))
        {
            using var memory = new Slab(group.Sum(i => this.weights[i].numel()), group.Key.dtype, this.weights[group.First()].device);
            foreach (var i in group)
            {
                places[i] = memory.Take(this.weights[i].shape).DetachFromDisposeScope();
                LeafGradient.Put(this.weights[i], places[i]);
            }
        }
    }

    /// <summary>Ends it; gradients that are there stay until they are taken away.</summary>
    public void Dispose()
    {
        for (var i = 0; i < places.Length; i++)
        {
            LeafGradient.Forget(weights[i]);
            places[i].Dispose();
        }
    }
}
