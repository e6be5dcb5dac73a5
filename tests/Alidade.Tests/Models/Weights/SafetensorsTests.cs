using Alidade.Core;
using Alidade.Models.Weights;
using CsCheck;

namespace Alidade.Tests.Models.Weights;

public sealed class SafetensorsTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("alidade").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void What_is_written_is_read_back()
    {
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(
            path,
            [
                TensorSource.UInt8("bytes", [3], new byte[] { 1, 2, 255 }),
                TensorSource.Float32("matrix", [2, 3], new[] { 1f, -2f, 3.5f, float.NaN, float.PositiveInfinity, 1e-45f }),
                TensorSource.Int64("ids", [2], new[] { long.MinValue, long.MaxValue }),
                TensorSource.Float32("scalar", [], new[] { 0.1f }),
                TensorSource.Float32("none", [0, 3], Array.Empty<float>()),
            ],
            new Dictionary<string, string> { ["format"] = "pt", ["text"] = "ä \"quoted\"\n" });

        using var file = SafetensorsFile.Open(path);
        Assert.Equal("ä \"quoted\"\n", file.Metadata["text"]);
        Assert.Equal([2L, 3L], file.Tensors["matrix"].Shape);
        Assert.Equal(("F32", 24L, 6L), (file.Tensors["matrix"].Format, file.Tensors["matrix"].Bytes, file.Tensors["matrix"].Count));
        Assert.Equal(["ids", "matrix", "scalar", "none", "bytes"], file.Tensors.Keys);
        var matrix = new float[6];
        file.ReadFloat32("matrix", matrix);
        Assert.Equal([1f, -2f, 3.5f, float.NaN, float.PositiveInfinity, 1e-45f], matrix);
        var ids = new long[2];
        file.ReadInt64("ids", ids);
        Assert.Equal([long.MinValue, long.MaxValue], ids);
        var bytes = new float[3];
        file.ReadFloat32("bytes", bytes);
        Assert.Equal([1f, 2f, 255f], bytes);
        Assert.Equal([1, 2, 255], file.Raw("bytes").ToArray());
        file.ReadFloat32("none", []);
    }

    [Fact]
    public void Every_tensor_starts_at_a_multiple_of_its_number_size()
    {
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(
            path,
            [TensorSource.UInt8("b", [1], new byte[] { 7 }), TensorSource.Int64("i", [1], new[] { 7L }), TensorSource.BFloat16("h", [1], new[] { 7f })]);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["i", "h", "b"], file.Tensors.Keys);
        Assert.Equal(0, (new FileInfo(path).Length - 11) % 8);
    }

    [Theory]
    [InlineData(1.00390625f, 1f)] // halfway between 1 and the next BF16: to the even one below
    [InlineData(1.01171875f, 1.015625f)] // halfway again: to the even one above
    [InlineData(1.00390637f, 1.0078125f)]
    [InlineData(-1.00390625f, -1f)]
    [InlineData(3.4e38f, float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity, float.NegativeInfinity)]
    [InlineData(float.NaN, float.NaN)]
    public void BFloat16_rounds_to_the_nearest_and_ties_to_even(float value, float expected) => Assert.Equal(expected, Stored(TensorSource.BFloat16, value));

    [Fact]
    public void A_not_a_number_with_only_low_bits_stays_one_in_BFloat16()
    {
        Assert.True(float.IsNaN(Stored(TensorSource.BFloat16, BitConverter.UInt32BitsToSingle(0x7F800001))));
        Assert.True(float.IsNaN(Stored(TensorSource.BFloat16, BitConverter.UInt32BitsToSingle(0xFFFFFFFF))));
    }

    [Theory]
    [InlineData(2049f, 2048f)]
    [InlineData(2051f, 2052f)]
    [InlineData(65519f, 65504f)]
    [InlineData(65520f, float.PositiveInfinity)]
    [InlineData(2.98023224e-8f, 0f)] // half of the smallest
    [InlineData(8.94069672e-8f, 1.1920929e-7f)] // one and a half of it
    public void Float16_rounds_to_the_nearest_and_ties_to_even(float value, float expected) => Assert.Equal(expected, Stored(TensorSource.Float16, value));

    [Fact]
    public void Every_16_bit_pattern_widens_exactly()
    {
        var patterns = new byte[2 << 16];
        for (var i = 0; i < 1 << 16; i++)
            BitConverter.TryWriteBytes(patterns.AsSpan(2 * i), (ushort)i);
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(path, [new("half", [1 << 16], "F16", s => s.Write(patterns)), new("brain", [1 << 16], "BF16", s => s.Write(patterns))]);
        using var file = SafetensorsFile.Open(path);
        var (half, brain) = (new float[1 << 16], new float[1 << 16]);
        file.ReadFloat32("half", half);
        file.ReadFloat32("brain", brain);
        for (var i = 0; i < 1 << 16; i++)
        {
            Assert.Equal((float)BitConverter.UInt16BitsToHalf((ushort)i), half[i]);
            Assert.Equal((uint)i << 16, BitConverter.SingleToUInt32Bits(brain[i]));
        }
    }

    [Fact]
    public void A_tensor_of_many_chunks_is_read_whole()
    {
        const int Count = 1_000_003;
        var values = Enumerable.Range(0, Count).Select(i => i * 0.5f).ToArray();
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.Float32("a", [Count], values), TensorSource.Int64("i", [Count], Array.ConvertAll(values, v => (long)v))]);
        using var file = SafetensorsFile.Open(path);
        var (read, wide, integers) = (new float[Count], new double[Count], new long[Count]);
        file.ReadFloat32("a", read);
        file.ReadFloat64("a", wide);
        file.ReadInt64("i", integers);
        Assert.Equal(values, read);
        Assert.Equal(Array.ConvertAll(values, v => (double)v), wide);
        Assert.Equal(Array.ConvertAll(values, v => (long)v), integers);
    }

    [Fact]
    public void A_failed_write_leaves_the_old_file_and_nothing_else()
    {
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.Float32("old", [1], new[] { 1f })]);
        Assert.Throws<IOException>(() => WriteFailing(new IOException("broken")));
        Assert.Throws<InvalidOperationException>(() => SafetensorsWriter.Write(path, [new("short", [2], "F32", s => s.Write(new byte[7]))]));
        using var file = SafetensorsFile.Open(path);
        Assert.Equal(["old"], file.Tensors.Keys);
        Assert.Single(Directory.GetFiles(folder));

        void WriteFailing(Exception exception)
        {
            try
            {
                SafetensorsWriter.Write(path, [new("new", [1], "F32", _ => throw exception)]);
            }
            catch (AlidadeException wrapped)
            {
                throw wrapped.InnerException!;
            }
        }
    }

    [Fact]
    public void Integers_are_not_read_from_floats()
    {
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(
            path,
            [TensorSource.Float32("a", [1], new[] { 1f }), new("big", [1], "U64", s => s.Write(Enumerable.Repeat((byte)255, 8).ToArray()))]);
        using var file = SafetensorsFile.Open(path);
        Assert.Contains("F32", Assert.Throws<AlidadeException>(() => file.ReadInt64("a", new long[1])).Message, StringComparison.Ordinal);
        Assert.Throws<AlidadeException>(() => file.ReadInt64("big", new long[1]));
    }

    [Fact]
    public void A_missing_tensor_is_named_with_the_nearest_there_is()
    {
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(path, [TensorSource.Float32("layers.0.weight", [1], new[] { 1f }), TensorSource.Float32("norm", [1], new[] { 1f })]);
        using var file = SafetensorsFile.Open(path);
        var message = Assert.Throws<AlidadeException>(() => file.ReadFloat32("layer.0.weight", new float[1])).Message;
        Assert.Contains("'layer.0.weight'", message, StringComparison.Ordinal);
        Assert.Contains("'layers.0.weight'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_format_without_a_decoder_is_named_when_it_is_read()
    {
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(path, [new("a", [4], "F8_E4M3", s => s.Write(new byte[4]))]);
        using var file = SafetensorsFile.Open(path);
        Assert.Equal("F8_E4M3", file.Tensors["a"].Format);
        Assert.Contains("F8_E4M3", Assert.Throws<NotBuiltException>(() => file.ReadFloat32("a", new float[4])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_and_a_folder_are_told_apart()
    {
        Assert.Contains("does not exist", Refused(Path.Combine(folder, "none")), StringComparison.Ordinal);
        Assert.Contains("is a folder", Refused(folder), StringComparison.Ordinal);

        static string Refused(string path) => Assert.Throws<AlidadeException>(() => SafetensorsFile.Open(path)).Message;
    }

    [Fact]
    public void Damage_anywhere_is_refused_or_read_but_never_crashes()
    {
        var whole = Path.Combine(folder, "whole.safetensors");
        SafetensorsWriter.Write(
            whole,
            [TensorSource.Float32("a.weight", [2, 3], new float[6]), TensorSource.BFloat16("b", [3], new float[3])],
            new Dictionary<string, string> { ["format"] = "pt" });
        var good = File.ReadAllBytes(whole);
        Damage.Of(good).Sample(bytes => Damage.Survives(folder, bytes, SafetensorsFile.Open), iter: 2000, threads: 1);
    }

    private float Stored(Func<string, IReadOnlyList<long>, ReadOnlyMemory<float>, TensorSource> format, float value)
    {
        var path = Path.Combine(folder, "a.safetensors");
        SafetensorsWriter.Write(path, [format("a", [1], new[] { value })]);
        using var file = SafetensorsFile.Open(path);
        var read = new float[1];
        file.ReadFloat32("a", read);
        return read[0];
    }
}
