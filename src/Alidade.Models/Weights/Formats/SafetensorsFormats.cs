namespace Alidade.Models.Weights.Formats;

/// <summary>The number formats of safetensors by their name: those with a decoder, and those whose layout is known.</summary>
/// <remarks>safetensors, enum Dtype.</remarks>
internal static class SafetensorsFormats
{
    public static readonly IReadOnlyDictionary<string, NumberFormat> ByName = new NumberFormat[]
    {
        new PlainFormat<double>("F64"),
        new PlainFormat<float>("F32"),
        new PlainFormat<Half>("F16"),
        new BFloat16(),
        new PlainFormat<long>("I64"),
        new PlainFormat<int>("I32"),
        new PlainFormat<short>("I16"),
        new PlainFormat<sbyte>("I8"),
        new PlainFormat<ulong>("U64"),
        new PlainFormat<uint>("U32"),
        new PlainFormat<ushort>("U16"),
        new PlainFormat<byte>("U8"),
        new PlainFormat<byte>("BOOL"),
        NotBuilt("C64", 1, 8),
        NotBuilt("F8_E5M2", 1, 1),
        NotBuilt("F8_E4M3", 1, 1),
        NotBuilt("F8_E8M0", 1, 1),
        NotBuilt("F6_E2M3", 4, 3),
        NotBuilt("F6_E3M2", 4, 3),
        NotBuilt("F4", 2, 1),
    }.ToDictionary(format => format.Name, StringComparer.Ordinal);

    private static FormatNotBuilt NotBuilt(string name, int valuesPerBlock, int bytesPerBlock) =>
        new(name, valuesPerBlock, bytesPerBlock, () => ByName!.Values.Where(f => f is not FormatNotBuilt).Select(f => f.Name));
}
