namespace Alidade.Models.Weights.Formats;

/// <summary>The tensor types of GGUF by their number: those with a decoder, and those whose layout is known.</summary>
/// <remarks>ggml.h, enum ggml_type. A number that is absent was removed from the format or never stored in files.</remarks>
internal static class GgufFormats
{
    public static readonly IReadOnlyDictionary<uint, NumberFormat> ByType = new Dictionary<uint, NumberFormat>
    {
        [0] = new PlainFormat<float>("F32"),
        [1] = new PlainFormat<Half>("F16"),
        [2] = new Q4_0(),
        [3] = new Q4_1(),
        [6] = new Q5_0(),
        [7] = new Q5_1(),
        [8] = new Q8_0(),
        [10] = new Q2_K(),
        [11] = new Q3_K(),
        [12] = new Q4_K(),
        [13] = new Q5_K(),
        [14] = new Q6_K(),
        [16] = NotBuilt("IQ2_XXS", 256, 66),
        [17] = NotBuilt("IQ2_XS", 256, 74),
        [18] = NotBuilt("IQ3_XXS", 256, 98),
        [19] = NotBuilt("IQ1_S", 256, 50),
        [20] = new IQ4_NL(),
        [21] = NotBuilt("IQ3_S", 256, 110),
        [22] = NotBuilt("IQ2_S", 256, 82),
        [23] = new IQ4_XS(),
        [24] = new PlainFormat<sbyte>("I8"),
        [25] = new PlainFormat<short>("I16"),
        [26] = new PlainFormat<int>("I32"),
        [27] = new PlainFormat<long>("I64"),
        [28] = new PlainFormat<double>("F64"),
        [29] = NotBuilt("IQ1_M", 256, 56),
        [30] = new BFloat16(),
        [34] = new TQ1_0(),
        [35] = new TQ2_0(),
        [39] = new Mxfp4(),
    };

    /// <summary>The format and its number by its name; null when there is none.</summary>
    public static (uint Type, NumberFormat Format)? ByName(string name) =>
        ByType.FirstOrDefault(f => f.Value.Name == name) is { Value: { } format, Key: var type } ? (type, format) : null;

    /// <summary>The formats that models are written in, with what <c>general.file_type</c> calls a file whose tensors mostly have it (llama.h, enum llama_ftype).</summary>
    public static readonly IReadOnlyDictionary<string, uint> FileTypes = new OrderedDictionary<string, uint>
    {
        ["F32"] = 0,
        ["F16"] = 1,
        ["BF16"] = 32,
        ["Q8_0"] = 7,
        ["Q5_0"] = 8,
        ["Q5_1"] = 9,
        ["Q4_0"] = 2,
        ["Q4_1"] = 3,
    };

    private static FormatNotBuilt NotBuilt(string name, int valuesPerBlock, int bytesPerBlock) =>
        new(name, valuesPerBlock, bytesPerBlock, () => ByType!.Values.Where(f => f is not FormatNotBuilt).Select(f => f.Name));
}
