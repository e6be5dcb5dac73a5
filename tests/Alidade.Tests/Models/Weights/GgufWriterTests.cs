using System.Runtime.InteropServices;
using Alidade.Models.Weights;
using Alidade.Models.Weights.Formats;
using Alidade.Tests.Golden;
using CsCheck;

namespace Alidade.Tests.Models.Weights;

public sealed class GgufWriterTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("alidade").FullName;

    public static TheoryData<string> Writable => [.. GgufFormats.FileTypes.Keys];

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_is_written_is_read_back()
    {
        var metadata = new OrderedDictionary<string, object>
        {
            ["general.architecture"] = "llama",
            ["a"] = (byte)200,
            ["b"] = (sbyte)-3,
            ["c"] = (ushort)60_000,
            ["d"] = (short)-300,
            ["e"] = 4_000_000_000u,
            ["f"] = -5,
            ["g"] = 0.5f,
            ["h"] = true,
            ["i"] = ulong.MaxValue,
            ["j"] = long.MinValue,
            ["k"] = 1e300,
            ["l"] = new[] { "a", "", "漢" },
            ["m"] = new[] { 1, -2 },
            ["n"] = new[] { true, false },
            ["o"] = Array.Empty<float>(),
        };
        var path = Path.Combine(folder, "a.gguf");
        GgufWriter.Write(path, metadata, [TensorSource.Float32("x", [2, 3], new float[] { 1, 2, 3, 4, 5, 6 }), TensorSource.BFloat16("y", [1], new float[] { 7 }), TensorSource.Float32("z", [5], new float[5])]);
        using var file = GgufFile.Open(path);
        Assert.Equal(metadata.Keys, file.Metadata.Keys);
        foreach (var (key, value) in metadata)
        {
            Assert.Equal(value, file.Metadata[key]);
            Assert.IsType(value.GetType(), file.Metadata[key]);
        }

        Assert.Equal(("F32", "BF16"), (file.Tensors["x"].Format, file.Tensors["y"].Format));
        Assert.Equal([2L, 3L], file.Tensors["x"].Shape);
        var values = new float[6];
        file.ReadFloat32("x", values);
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], values);
        // Every tensor begins at a multiple of 32 and the file ends at one, as the reference writer has it.
        Assert.Equal(0, new FileInfo(path).Length % 32);
    }

    [Fact]
    public void What_no_file_can_hold_is_refused_and_the_old_file_stands()
    {
        var path = Path.Combine(folder, "a.gguf");
        File.WriteAllText(path, "old");
        TensorSource Tensor(string format, params long[] shape) => new("x", shape, format, _ => { });
        Assert.Throws<ArgumentException>(() => GgufWriter.Write(path, new Dictionary<string, object>(), [Tensor("Q8_0", 2, 33)]));
        Assert.Throws<ArgumentException>(() => GgufWriter.Write(path, new Dictionary<string, object>(), [Tensor("F32", 1, 1, 1, 1, 1)]));
        Assert.Throws<ArgumentException>(() => GgufWriter.Write(path, new Dictionary<string, object>(), [Tensor("F32", 1), Tensor("F32", 1)]));
        Assert.Throws<ArgumentException>(() => GgufWriter.Write(path, new Dictionary<string, object>(), [Tensor("I256", 1)]));
        Assert.Throws<ArgumentException>(() => GgufWriter.Write(path, new Dictionary<string, object> { ["a"] = 'c' }, []));
        Assert.Throws<InvalidOperationException>(() => GgufWriter.Write(path, new Dictionary<string, object>(), [Tensor("F32", 1)]));
        Assert.Equal("old", File.ReadAllText(path));
        Assert.Single(Directory.EnumerateFiles(folder));
    }

    // The reference's own blocks of real data, decoded and stored again, are the same bytes: rounding, packing and scale are its own.
    [Theory]
    [MemberData(nameof(Writable))]
    public void Numbers_that_the_reference_rounded_are_stored_as_it_stored_them(string name)
    {
        var path = GoldenFolder.PathOf($"gguf/types/{name}.gguf");
        Assert.SkipUnless(File.Exists(path), GoldenFolder.Absent);
        var (_, format) = GgufFormats.ByName(name)!.Value;
        using var file = GgufFile.Open(path);
        foreach (var entry in file.Tensors.Values.Where(t => t.Name is "quantized" or "cube" or "vector"))
        {
            var values = new float[entry.Count];
            file.ReadFloat32(entry.Name, values);
            // The reference's zeros were positive; decoded from a block of zeros, whose scale is 0 / −8, they are negative.
            if (format.ValuesPerBlock > 1)
                values = [.. values.Select(v => v + 0f)];
            var blocks = new byte[entry.Bytes];
            format.Encode(values, blocks);
            Assert.Equal(file.Raw(entry.Name).ToArray(), blocks);
        }
    }

    [Theory]
    // In units of the largest magnitude: half a step, a whole one where the code of the other extreme is cut off; beside it the scale is rounded to F16.
    [InlineData("Q8_0", 0.5 / 127)]
    [InlineData("Q4_0", 1.0 / 8)]
    [InlineData("Q4_1", 0.5 * 2 / 15)]
    [InlineData("Q5_0", 1.0 / 16)]
    [InlineData("Q5_1", 0.5 * 2 / 31)]
    [InlineData("F16", 0.5 / 1024)]
    [InlineData("BF16", 0.5 / 128)]
    public void A_stored_number_is_within_a_step_of_the_true_one(string name, double step)
    {
        var (_, format) = GgufFormats.ByName(name)!.Value;
        Gen.Float[-1, 1].Array[32].Sample(values =>
        {
            var (blocks, back) = (new byte[format.BytesOf(32)], new float[32]);
            format.Encode(values, blocks);
            format.Decode(blocks, back);
            var largest = values.Max(MathF.Abs);
            return values.Zip(back).All(v => Math.Abs(v.First - v.Second) <= largest * (step + 0.002));
        }, iter: 1000, threads: 1);
    }

    [Fact]
    public void Ties_of_Q8_0_go_away_from_zero_and_zeros_stay_zeros()
    {
        var (_, format) = GgufFormats.ByName("Q8_0")!.Value;
        var values = new float[64];
        (values[0], values[1], values[2], values[3]) = (127, 2.5f, -2.5f, 3.5f);
        var blocks = new byte[68];
        format.Encode(values, blocks);
        Assert.Equal((Half)1, MemoryMarshal.Read<Half>(blocks));
        Assert.Equal([127, 3, -3, 4, 0], blocks[2..7].Select(b => (int)(sbyte)b));
        Assert.All(blocks[34..], b => Assert.Equal(0, b));
    }
}
