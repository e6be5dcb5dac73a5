using System.Buffers.Binary;
using System.Text;
using Alidade.Models.Weights;
using Alidade.Tests.Core;
using Alidade.Tests.Models.Weights;

namespace Alidade.Tests.Fuzz;

/// <summary>safetensors: single files, and folders with an index. What is accepted is read to its last byte.</summary>
public sealed class SafetensorsFuzz
{
    internal static readonly JsonMutation Header = new(
        "dtype", "shape", "data_offsets", "__metadata__", "format", "pt", "F64", "F32", "F16", "BF16", "F8_E4M3", "F8_E5M2", "F8_E8M0", "F4", "I64", "I32", "U8", "BOOL", "a.weight", "b");

    private static readonly JsonMutation Index = new(
        "metadata", "total_size", "weight_map", "a.weight", "b", "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors", "../model.safetensors", "x\n.safetensors", "absent.safetensors", ".safetensors");

    [Fact]
    public void A_mutated_file_is_read_whole_or_refused_in_one_line()
    {
        var seeds = new[] { File(0), File(1) };
        using var folder = new TemporaryFolder();
        FuzzRun.Inputs(
            "safetensors",
            random => new(("model.safetensors", Mutated(random, random.One(seeds)))),
            input =>
            {
                input.Write(folder.Path);
                Damage.ReadAll(folder.File("model.safetensors"), SafetensorsFile.Open);
            });
    }

    [Fact]
    public void A_mutated_folder_of_shards_is_read_whole_or_refused_in_one_line()
    {
        var (first, second) = (File(0), File(1));
        const string Map = """{"metadata": {"total_size": 100}, "weight_map": {"a.weight": "model-00001-of-00002.safetensors", "b": "model-00001-of-00002.safetensors", "c": "model-00002-of-00002.safetensors"}}""";
        using var folder = new TemporaryFolder();
        FuzzRun.Inputs(
            "safetensors-folder",
            random => new(
                ("model.safetensors.index.json", random.Chance(0.8) ? Index.Of(random, Map) : Map.Utf8()),
                ("model-00001-of-00002.safetensors", random.Chance(0.2) ? Mutated(random, first) : first),
                ("model-00002-of-00002.safetensors", second)),
            input =>
            {
                input.Write(folder.Path);
                Damage.ReadAll(folder.Path, SafetensorsFolder.Open);
            });
    }

    /// <summary>Changes the header and gives it its right length, or changes any bytes.</summary>
    internal static byte[] Mutated(Random random, byte[] file)
    {
        if (random.Chance(0.4))
            return Mutation.Bytes(random, file);
        var length = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
        var header = Header.Of(random, Encoding.UTF8.GetString(file, 8, length));
        return [.. BitConverter.GetBytes((long)header.Length), .. header, .. file[(8 + length)..]];
    }

    private static byte[] File(int kind)
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("model.safetensors");
        TensorSource[] tensors = kind == 0
            ? [TensorSource.Float32("a.weight", [2, 3], new float[6]), TensorSource.BFloat16("b", [4], new float[4])]
            : [TensorSource.Int64("c", [1, 2], new long[2]), TensorSource.UInt8("d", [], new byte[1]), TensorSource.Float16("e", [0, 7], Array.Empty<float>())];
        SafetensorsWriter.Write(path, tensors, new Dictionary<string, string> { ["format"] = "pt" });
        return System.IO.File.ReadAllBytes(path);
    }
}
