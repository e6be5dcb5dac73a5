using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Weights;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models.Encoders;

/// <summary>
/// The tensors of a file, asked for one by one and then read together: every name and shape is checked before the first number is read.
/// Tensors belong to the scope in which they were asked for.
/// </summary>
internal sealed class EncoderWeights(IWeightFile file, string prefix, LoadOptions options)
{
    // How a layer norm's gain and shift were called in files of old.
    private static readonly (string New, string Old)[] OldNames = [("LayerNorm.weight", "LayerNorm.gamma"), ("LayerNorm.bias", "LayerNorm.beta")];

    private readonly OrderedDictionary<string, Tensor> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> inFile = new(StringComparer.Ordinal);

    /// <summary>File name for messages.</summary>
    public string Path => file.Path;

    /// <summary>What stands in front of the encoder's own names.</summary>
    public string Prefix => prefix;

    /// <summary>True when the file has the tensor.</summary>
    public bool Has(string name) => file.Tensors.ContainsKey(InFile(name));

    /// <summary>A tensor of the shape that the configuration asks for; its numbers come with <see cref="Read"/>. Asked for twice it is the same one.</summary>
    public Tensor Take(string name, params long[] shape)
    {
        if (tensors.TryGetValue(name, out var known))
            return known;
        var stored = InFile(name);
        if (!file.Tensors.TryGetValue(stored, out var entry))
            throw new AlidadeException($"{file.Path}: tensor '{name}' is missing");
        if (!entry.Shape.SequenceEqual(shape))
            throw new AlidadeException($"{file.Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], the configuration asks for [{string.Join(", ", shape)}]");
        var value = empty(shape, options.DType, device(options.Device));
        tensors.Add(name, value);
        inFile.Add(name, stored);
        return value;
    }

    /// <summary>A projection with a bias.</summary>
    public Linear Linear(string module, long inputs, long outputs) =>
        new(module, Slot(module + ".weight", outputs, inputs), Slot(module + ".bias", outputs), inputMajor: false);

    /// <summary>A layer norm.</summary>
    public Norm Norm(string module, long width, double epsilon) =>
        new(NormKind.Layer, epsilon, width, Slot(module + ".weight", width), Slot(module + ".bias", width));

    /// <summary>A table of vectors.</summary>
    public Embedding Table(string module, long entries, long width) => new(module, Slot(module + ".weight", entries, width));

    /// <summary>Reads what was asked for.</summary>
    /// <param name="mayStay">Whether a tensor of this name may be left in the file.</param>
    /// <returns>The tensors by name, outside of any scope.</returns>
    /// <exception cref="NotBuiltException">The file holds a tensor that nothing asked for and that may not be left there.</exception>
    public OrderedDictionary<string, Tensor> Read(Func<string, bool> mayStay)
    {
        var taken = inFile.Values.ToHashSet(StringComparer.Ordinal);
        if (file.Tensors.Keys.FirstOrDefault(n => !taken.Contains(n) && !mayStay(n)) is { } stranger)
            throw new NotBuiltException($"{file.Path}: tensor '{stranger}' has no place in this architecture");
        using var noGrad = no_grad();
        foreach (var (name, value) in tensors)
            TensorLayout.AsIs.Fill(file, inFile[name], value);
        foreach (var value in tensors.Values)
            value.DetachFromDisposeScope();
        return tensors;
    }

    private WeightSlot Slot(string name, params long[] shape) => new(Take(name, shape));

    private string InFile(string name)
    {
        if (file.Tensors.ContainsKey(name))
            return name;
        var (current, old) = Array.Find(OldNames, n => name.EndsWith(n.New, StringComparison.Ordinal));
        return current is null ? name : name[..^current.Length] + old;
    }
}
