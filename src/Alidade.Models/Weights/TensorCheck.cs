using Alidade.Core;

namespace Alidade.Models.Weights;

/// <summary>Holds the tensors of a file against those that a model has, before one is read.</summary>
internal static class TensorCheck
{
    /// <summary>A tensor of the shape that the configuration asks for.</summary>
    /// <param name="file">The file.</param>
    /// <param name="name">What the model calls it, for messages.</param>
    /// <param name="entry">What the file has; null when it has none.</param>
    /// <param name="shape">The shape in the file.</param>
    /// <exception cref="AlidadeException">It is missing, or has another shape.</exception>
    public static TensorEntry Entry(IWeightFile file, string name, TensorEntry? entry, IReadOnlyList<long> shape) =>
        entry is null ? throw new AlidadeException($"{file.Path}: tensor '{name}' is missing")
        : entry.Shape.SequenceEqual(shape) ? entry
        : throw new AlidadeException($"{file.Path}: tensor '{name}' has shape [{string.Join(", ", entry.Shape)}], the configuration asks for [{string.Join(", ", shape)}]");

    /// <summary>Checks that a file holds nothing else.</summary>
    /// <param name="file">The file.</param>
    /// <param name="taken">The names in the file of what has a place.</param>
    /// <param name="mayStay">Whether a tensor of this name may be left in the file.</param>
    /// <exception cref="NotBuiltException">It holds a tensor that has no place and that may not be left there.</exception>
    public static void NoOther(IWeightFile file, IEnumerable<string> taken, Func<string, bool> mayStay)
    {
        var known = taken.ToHashSet(StringComparer.Ordinal);
        if (file.Tensors.Keys.FirstOrDefault(n => !known.Contains(n) && !mayStay(n)) is { } stranger)
            throw new NotBuiltException($"{file.Path}: tensor '{stranger}' has no place in this architecture");
    }
}
