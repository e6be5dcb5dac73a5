using System.Runtime.InteropServices;
using Alidade.Core;
using Alidade.Models.Architecture;
using Alidade.Models.Families;
using Alidade.Models.Tokenizers;
using Alidade.Models.Weights;
using Alidade.Models.Weights.Formats;
using TorchSharp;
using static TorchSharp.torch;

namespace Alidade.Models;

/// <summary>Writes models as GGUF files, laid out as llama.cpp's converter lays them out, so that its users can run them.</summary>
internal static class GgufSaver
{
    private const long PieceValues = 1 << 22;

    /// <summary>Writes a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="format">The format of its matrices; vectors and learned positions are F32, and rows that are no whole blocks F16, as the converter has it.</param>
    /// <param name="license">SPDX id for <c>general.license</c>; null for none.</param>
    /// <returns>Tensors of each format.</returns>
    public static IReadOnlyDictionary<string, int> Save(CausalLM model, string path, string format, string? license = null)
    {
        var (metadata, tensors) = Contents(model, path, format, license);
        GgufWriter.Write(path, metadata, tensors);
        return tensors.CountBy(t => t.Format).ToDictionary();
    }

    /// <summary>Says what of a model cannot be written, and writes nothing.</summary>
    /// <exception cref="AlidadeException">The format is not one of GGUF's, or the model has processed weights.</exception>
    /// <exception cref="NotBuiltException">The architecture, or a part of it, is not written as GGUF.</exception>
    public static void Check(CausalLM model, string format) => Contents(model, "the file to be written", format, null);

    private static (OrderedDictionary<string, object> Metadata, List<TensorSource> Tensors) Contents(CausalLM model, string path, string format, string? license)
    {
        if (!GgufFormats.FileTypes.TryGetValue(format, out var fileType))
            throw new AlidadeException($"number format '{format}' is not written to GGUF files{Suggest.Hint(format, [.. GgufFormats.FileTypes.Keys])}");
        if (model.HasProcessedWeights)
            throw new AlidadeException($"{model.Name} with processed weights is not what a GGUF file of its family describes; save the model it was made from");
        var architecture = ArchitectureOf(model.Family);
        var reader = ModelFamily.OfGguf(architecture, path);
        var (own, divisors) = GgufMetadataWriter.Write(architecture, model.Config);
        var metadata = new OrderedDictionary<string, object> { ["general.architecture"] = architecture, ["general.name"] = NameOf(model) };
        if (license is not null)
            metadata["general.license"] = license;
        metadata["general.file_type"] = fileType;
        if (format.StartsWith('Q'))
            metadata["general.quantization_version"] = 2u;
        foreach (var (key, value) in own.Concat(Vocabulary(model, architecture)))
            metadata[key] = value;
        var tensors = Tensors(model, reader, format, divisors);
        Check(model, reader, architecture, metadata, divisors, tensors);
        return (metadata, tensors);
    }

    /// <summary>What <c>general.architecture</c> calls a family.</summary>
    /// <exception cref="NotBuiltException">It is not written as GGUF.</exception>
    public static string ArchitectureOf(ModelFamily family) => family.GgufArchitecture
        ?? throw new NotBuiltException($"a model of type '{family.ModelType}' is not written as GGUF; those of {string.Join(", ", ModelFamily.All.Where(f => f.GgufArchitecture is not null).Select(f => f.ModelType))} are");

    // A folder's name may have dots: SmolLM2-1.7B.
    private static string NameOf(CausalLM model)
    {
        var name = Path.GetFileName(Path.TrimEndingDirectorySeparator(model.Name));
        return name.EndsWith(".gguf", StringComparison.OrdinalIgnoreCase) ? name[..^".gguf".Length] : name;
    }

    private static OrderedDictionary<string, object> Vocabulary(CausalLM model, string architecture)
    {
        // llama.cpp's word for a model without one.
        OrderedDictionary<string, object> metadata = model.HasTokenizer
            ? GgufVocabularyWriter.Write(model.Tokenizer.Definition, model.Config.VocabularySize, architecture) : new() { ["tokenizer.ggml.model"] = "no_vocab" };
        // Tokens that end an answer beside the one that ends a text: of a turn and of a message. That there are no more is checked with all that is written.
        foreach (var (key, id) in new[] { "eot", "eom" }.Zip(EndTokens(model).Where(id => !model.HasTokenizer || id != model.Tokenizer.EndOfText)))
            metadata[$"tokenizer.ggml.{key}_token_id"] = (uint)id;
        if (model.ChatTemplate is { } template)
            metadata["tokenizer.chat_template"] = template.Source;
        return metadata;
    }

    // What lies outside of the vocabulary (−1 stands for none in some configurations) never ends an answer.
    private static IEnumerable<int> EndTokens(CausalLM model) => model.EndTokens.Where(id => id >= 0 && id < model.Config.VocabularySize).Order();

    private static List<TensorSource> Tensors(CausalLM model, ModelFamily reader, string format, IReadOnlyDictionary<string, float[]> divisors)
    {
        List<TensorSource> tensors = [.. divisors.Select(d => TensorSource.Float32(d.Key, [d.Value.Length], d.Value))];
        foreach (var group in DecoderAssembly.Expected(model.Family, model.Config).GroupBy(e => e.GgufName))
        {
            if (group.Count() > 1)
                throw new NotBuiltException($"the {group.Count()} tensors '{group.First().Name}', … are one tensor '{group.Key}' of a GGUF file, which is not written yet");
            var expected = group.First();
            var layout = reader.GgufLayout(model.Config, expected);
            var shape = layout.ShapeInFile(expected.Shape);
            var stored = FormatOf(expected, shape, format);
            tensors.Add(new(expected.GgufName, shape, stored, stream => Write(model.Parameters[expected.Name], layout, expected.GgufName, stored, stream)));
        }

        return tensors;
    }

    private static string FormatOf(ExpectedTensor tensor, long[] shape, string format)
    {
        if (shape.Length < 2 || tensor.Role == TensorRole.Gain || tensor.GgufName == TensorNames.Gguf.Positions + ".weight")
            return "F32";
        return shape[^1] % GgufFormats.ByName(format)!.Value.Format.ValuesPerBlock == 0 ? format : "F16";
    }

    private static void Write(Tensor value, TensorLayout layout, string name, string stored, Stream stream)
    {
        var format = GgufFormats.ByName(stored)!.Value.Format;
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var inFile = layout.InFile(value.detach());
        var rows = inFile.reshape(-1, inFile.dim() == 0 ? 1 : inFile.size(-1));
        var atOnce = Math.Max(1, PieceValues / Math.Max(1, rows.size(1)));
        for (var first = 0L; first < rows.size(0); first += atOnce)
        {
            using var piece = NewDisposeScope();
            var values = MemoryMarshal.Cast<byte, float>(rows.narrow(0, first, Math.Min(atOnce, rows.size(0) - first)).cpu().to(ScalarType.Float32).contiguous().bytes);
            var blocks = new byte[format.BytesOf(values.Length)];
            format.Encode(values, blocks);
            CheckRange(values, blocks, format, name);
            stream.Write(blocks);
        }
    }

    // What does not fit a 16-bit float, or is no number, would be infinite or arbitrary in the file.
    private static void CheckRange(ReadOnlySpan<float> values, ReadOnlySpan<byte> blocks, NumberFormat format, string name)
    {
        if (format.Name is "F32" or "BF16")
            return;
        var back = new float[values.Length];
        format.Decode(blocks, back);
        for (var i = 0; i < back.Length; i++)
            if (!float.IsFinite(back[i]) || float.IsNaN(values[i]))
                throw new AlidadeException($"tensor '{name}' holds {values[i]}, which {format.Name} cannot; write F32 or BF16");
    }

    private static void Check(
        CausalLM model, ModelFamily reader, string architecture, OrderedDictionary<string, object> metadata, IReadOnlyDictionary<string, float[]> divisors, List<TensorSource> tensors)
    {
        var names = tensors.Select(t => t.Name).ToHashSet(StringComparer.Ordinal);
        var back = ModelFiles.GgufConfig(reader, new(metadata, architecture, "the file to be written"), names.Contains,
            (name, _) => divisors.TryGetValue(name, out var values) ? [.. values.Select(v => (double)v)] : null);
        // The token that begins a text is the vocabulary's.
        var ours = model.Config with { BeginningOfText = back.BeginningOfText, EndOfText = [.. EndTokens(model)] };
        if (GgufMetadataWriter.Difference(ours, back) is { } lost)
            throw new NotBuiltException($"{model.Name}: a GGUF file of architecture '{architecture}' has no place for its {lost}; write safetensors instead");
    }
}
