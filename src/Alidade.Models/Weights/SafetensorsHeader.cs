using System.Text.Json;
using System.Text.Unicode;
using Alidade.Core;
using Alidade.Models.Weights.Formats;

namespace Alidade.Models.Weights;

/// <summary>The JSON header of a safetensors file: per tensor a format, a shape and where its bytes lie, and free text under <c>__metadata__</c>.</summary>
/// <param name="Tensors">In the header's order; begin and end are relative to the end of the header, and fit shape and format.</param>
/// <param name="Metadata">The free text.</param>
internal sealed record SafetensorsHeader(IReadOnlyList<SafetensorsHeader.Tensor> Tensors, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>The member that holds free text in place of a tensor.</summary>
    public const string MetadataName = "__metadata__";

    public sealed record Tensor(string Name, NumberFormat Format, long[] Shape, long Begin, long End);

    /// <summary>Parses and checks the header without copying it; memory goes only to the tensors that it names.</summary>
    /// <exception cref="AlidadeException">The header is not what the format asks for.</exception>
    public static SafetensorsHeader Parse(string path, ReadOnlySpan<byte> json)
    {
        if (json.IsEmpty || json[0] != (byte)'{')
            throw new AlidadeException($"'{path}' is not a safetensors file: its header does not start with '{{'");
        if (!Utf8.IsValid(json))
            throw new AlidadeException($"'{path}': the header is not valid UTF-8");
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 16 });
            return new Parser(path).Header(ref reader);
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // InvalidOperation: a string with an escaped lone surrogate.
            throw new AlidadeException($"'{path}': the header is not valid JSON: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
    }

    private sealed class Parser(string path)
    {
        public SafetensorsHeader Header(ref Utf8JsonReader reader)
        {
            var tensors = new List<Tensor>();
            var metadata = new Dictionary<string, string>(StringComparer.Ordinal);
            var names = new HashSet<string>(StringComparer.Ordinal);
            reader.Read();
            while (NextName(ref reader) is { } name)
            {
                if (!names.Add(name))
                    throw new AlidadeException($"'{path}': the header names '{Shown.Name(name)}' twice");
                if (name == MetadataName)
                    ReadMetadata(ref reader, metadata);
                else
                    tensors.Add(ReadTensor(ref reader, name));
            }

            // Anything but white space behind the closing brace throws here.
            reader.Read();
            return new SafetensorsHeader(tensors, metadata);
        }

        private void ReadMetadata(ref Utf8JsonReader reader, Dictionary<string, string> metadata)
        {
            Expect(ref reader, JsonTokenType.StartObject, MetadataName, "an object of strings");
            while (NextName(ref reader) is { } key)
            {
                Expect(ref reader, JsonTokenType.String, $"{MetadataName}.{key}", "a string");
                if (!metadata.TryAdd(key, reader.GetString()!))
                    throw new AlidadeException($"'{path}': the header's {MetadataName} names '{Shown.Name(key)}' twice");
            }
        }

        private Tensor ReadTensor(ref Utf8JsonReader reader, string name)
        {
            NumberFormat? format = null;
            long[]? shape = null, offsets = null;
            var seen = new HashSet<string>(StringComparer.Ordinal);
            Expect(ref reader, JsonTokenType.StartObject, name, "an object");
            while (NextName(ref reader) is { } field)
            {
                if (!seen.Add(field))
                    throw Wrong(name, $"'{Shown.Name(field)}' is given twice");
                switch (field)
                {
                    case "dtype":
                        Expect(ref reader, JsonTokenType.String, $"{name}.dtype", "a string");
                        format = FormatOf(name, reader.GetString()!);
                        break;
                    case "shape":
                        shape = ReadNumbers(ref reader, name, "shape");
                        break;
                    case "data_offsets":
                        offsets = ReadNumbers(ref reader, name, "data_offsets");
                        break;
                    default:
                        // A later version of the format may say more about a tensor; its bytes are checked by the three fields above.
                        reader.Read();
                        reader.Skip();
                        break;
                }
            }

            return Check(
                name,
                format ?? throw Wrong(name, "'dtype' is missing"),
                shape ?? throw Wrong(name, "'shape' is missing"),
                offsets ?? throw Wrong(name, "'data_offsets' is missing"));
        }

        private Tensor Check(string name, NumberFormat format, long[] shape, long[] offsets)
        {
            if (offsets.Length != 2 || offsets[0] > offsets[1])
                throw Wrong(name, $"data_offsets is {Shown.Shape(offsets)}; it takes two numbers, begin and end, with begin ≤ end");
            var count = TensorTable.CountOf(shape);
            var bytes = count < 0 || count % format.ValuesPerBlock != 0 ? -1 : format.BytesOf(count);
            if (bytes != offsets[1] - offsets[0])
                throw Wrong(name, $"{Shown.Shape(shape)} of {format.Name} does not fill the {offsets[1] - offsets[0]} bytes that data_offsets gives it");
            return new Tensor(name, format, shape, offsets[0], offsets[1]);
        }

        private NumberFormat FormatOf(string name, string dtype) =>
            SafetensorsFormats.ByName.TryGetValue(dtype, out var format)
                ? format
                : throw Wrong(name, $"dtype '{Shown.Name(dtype)}' is unknown; the format has {string.Join(", ", SafetensorsFormats.ByName.Keys)}");

        private long[] ReadNumbers(ref Utf8JsonReader reader, string name, string field)
        {
            Expect(ref reader, JsonTokenType.StartArray, $"{name}.{field}", "an array of numbers");
            var numbers = new List<long>();
            while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            {
                if (reader.TokenType != JsonTokenType.Number || !reader.TryGetInt64(out var number) || number < 0)
                    throw Wrong(name, $"{field} may hold only whole numbers from 0 to {long.MaxValue}");
                numbers.Add(number);
            }

            return [.. numbers];
        }

        private static string? NextName(ref Utf8JsonReader reader)
        {
            reader.Read();
            return reader.TokenType == JsonTokenType.PropertyName ? reader.GetString() : null;
        }

        private void Expect(ref Utf8JsonReader reader, JsonTokenType type, string what, string wanted)
        {
            reader.Read();
            if (reader.TokenType != type)
                throw new AlidadeException($"'{path}': the header's '{Shown.Name(what)}' must be {wanted}");
        }

        private AlidadeException Wrong(string tensor, string what) => new($"'{path}', tensor '{Shown.Name(tensor)}': {what}");
    }
}
