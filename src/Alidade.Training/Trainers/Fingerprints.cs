using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Alidade.Core.Files;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Training.Trainers;

/// <summary>Short names of what a checkpoint or a cache belongs to.</summary>
internal static class Fingerprints
{
    private static readonly JsonSerializerOptions Whole = new(Json.Line) { Converters = { new RuntimeTypes() } };

    /// <summary>An objective with its settings, those of objectives inside it too.</summary>
    public static string Of(object objective) => objective.GetType().Name + JsonSerializer.Serialize(objective, objective.GetType(), Whole);

    /// <summary>Lists of ids: SHA-256 over each list's length and values.</summary>
    public static string Of(IEnumerable<IReadOnlyList<int>> lists)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var list in lists)
            hash.AppendData(MemoryMarshal.AsBytes([list.Count, .. list]));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>A number as two whole ones.</summary>
    public static int[] Bits(double value) => [(int)(BitConverter.DoubleToInt64Bits(value) >> 32), (int)BitConverter.DoubleToInt64Bits(value)];

    /// <summary>Weights: SHA-256 over names and bytes.</summary>
    public static string Of(IEnumerable<(string Name, Tensor Value)> weights)
    {
        using var noGrad = no_grad();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var (name, value) in weights)
        {
            using var scope = NewDisposeScope();
            hash.AppendData(System.Text.Encoding.UTF8.GetBytes(name));
            hash.AppendData(value.detach().cpu().contiguous().bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    // An objective inside another is declared as its interface; its type and settings count all the same.
    private sealed class RuntimeTypes : System.Text.Json.Serialization.JsonConverter<object>
    {
        public override bool CanConvert(Type type) => (type.IsAbstract || type.IsInterface) && type.Assembly == typeof(RuntimeTypes).Assembly;

        public override object Read(ref Utf8JsonReader reader, Type type, JsonSerializerOptions options) => throw new NotSupportedException();

        public override void Write(Utf8JsonWriter writer, object value, JsonSerializerOptions options)
        {
            writer.WriteStartObject();
            writer.WritePropertyName(value.GetType().Name);
            JsonSerializer.Serialize(writer, value, value.GetType(), options);
            writer.WriteEndObject();
        }
    }
}
