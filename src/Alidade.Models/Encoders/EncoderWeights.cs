using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Native;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>
/// The tensors of a file, asked for list by list and then read together: every name and shape is checked before the first number is read.
/// Tensors belong to the scope in which they were asked for.
/// </summary>
internal sealed class EncoderWeights(IWeightFile file, LoadOptions options)
{
    private readonly OrderedDictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> inFile = new(StringComparer.Ordinal);

    /// <summary>A tensor that was asked for; its numbers come with <see cref="Read"/>.</summary>
    public Tensor this[string name] => tensors[name];

    /// <summary>Asks for tensors. One that is asked for twice stays the same.</summary>
    public void Take(IEnumerable<EncoderTensor> wanted)
    {
        foreach (var tensor in wanted.Where(t => !tensors.ContainsKey(t.Name)))
        {
            inFile.Add(tensor.Name, tensor.In(file).Name);
            tensors.Add(tensor.Name, empty(tensor.Shape, options.DType, NamedDevice.Of(options.Device)));
        }
    }

    /// <summary>A projection with a bias.</summary>
    public Linear Linear(string module) => new(module, Slot(module + ".weight"), Slot(module + ".bias"), inputMajor: false);

    /// <summary>A layer norm.</summary>
    public Norm Norm(string module, double epsilon) => new(NormKind.Layer, epsilon, this[module + ".weight"].size(0), Slot(module + ".weight"), Slot(module + ".bias"));

    /// <summary>A table of vectors.</summary>
    public Embedding Table(string module) => new(module, Slot(module + ".weight"));

    /// <summary>Reads what was asked for.</summary>
    /// <param name="mayStay">Whether a tensor of this name may be left in the file.</param>
    /// <returns>The tensors by name, outside of any scope.</returns>
    /// <exception cref="NotBuiltException">The file holds a tensor that nothing asked for and that may not be left there.</exception>
    public OrderedDictionary<string, Tensor> Read(Func<string, bool> mayStay)
    {
        TensorCheck.NoOther(file, inFile.Values, mayStay);
        using var noGrad = no_grad();
        foreach (var (name, value) in tensors)
            TensorLayout.AsIs.Fill(file, inFile[name], value);
        foreach (var value in tensors.Values)
            value.DetachFromDisposeScope();
        return tensors;
    }

    private WeightSlot Slot(string name) => new(this[name]);
}
