using Alidade.Models.Weights;

namespace Alidade.Tests.Golden;

/// <summary>
/// One reference tensor: exactly one of the three arrays is set, by what the file holds — integers and booleans in <see cref="Integers"/>, F64 in
/// <see cref="Doubles"/>, any other float in <see cref="Floats"/>.
/// </summary>
internal sealed record GoldenTensor(string Name, long[] Shape, string Format, float[]? Floats, double[]? Doubles, long[]? Integers)
{
    /// <summary>The values as 64-bit floats, whatever the file holds.</summary>
    public double[] Values => Doubles ?? (Floats is not null ? Array.ConvertAll(Floats, v => (double)v) : Array.ConvertAll(Integers!, v => (double)v));

    /// <summary>The values as 32-bit floats, whatever the file holds.</summary>
    public float[] Singles => Floats ?? Array.ConvertAll(Values, v => (float)v);
}

/// <summary>Reads reference tensors: <c>name → (shape, values)</c>.</summary>
internal static class GoldenTensors
{
    /// <summary>All tensors of a safetensors file.</summary>
    public static IReadOnlyDictionary<string, GoldenTensor> Read(string path)
    {
        using var file = SafetensorsFile.Open(path);
        return file.Tensors.Values.ToDictionary(entry => entry.Name, entry => Read(file, entry), StringComparer.Ordinal);
    }

    private static GoldenTensor Read(SafetensorsFile file, TensorEntry entry)
    {
        float[]? floats = null;
        double[]? doubles = null;
        long[]? integers = null;
        if (entry.Format == "F64")
            file.ReadFloat64(entry.Name, doubles = new double[entry.Count]);
        else if (entry.Format.Contains('F', StringComparison.Ordinal))
            file.ReadFloat32(entry.Name, floats = new float[entry.Count]);
        else
            file.ReadInt64(entry.Name, integers = new long[entry.Count]);
        return new GoldenTensor(entry.Name, [.. entry.Shape], entry.Format, floats, doubles, integers);
    }
}
