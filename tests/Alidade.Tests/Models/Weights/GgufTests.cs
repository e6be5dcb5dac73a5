using Alidade.Core;
using Alidade.Models.Weights;
using Alidade.Tests.Golden;
using CsCheck;

namespace Alidade.Tests.Models.Weights;

public sealed class GgufTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("alidade").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Every_metadata_type_is_read_as_itself()
    {
        object[] values =
        [
            (byte)200, (sbyte)-3, (ushort)60_000, (short)-300, 4_000_000_000u, -5, 0.5f, true, "ä\n", ulong.MaxValue, long.MinValue, 1e300,
            new[] { "a", "", "漢" }, new[] { 1, -2 }, new[] { 0.25f }, new[] { true, false }, Array.Empty<long>(), new byte[] { 1, 2 },
        ];
        var bytes = new GgufBytes();
        for (var i = 0; i < values.Length; i++)
            bytes.With($"k{i}", values[i]);
        using var file = Open(bytes);
        Assert.Equal(values.Select((_, i) => $"k{i}"), file.Metadata.Keys);
        for (var i = 0; i < values.Length; i++)
        {
            Assert.Equal(values[i], file.Metadata[$"k{i}"]);
            Assert.IsType(values[i].GetType(), file.Metadata[$"k{i}"]);
        }

        Assert.Equal(3, file.Version);
    }

    [Fact]
    public void Shapes_are_turned_row_major()
    {
        using var file = Open(new GgufBytes().Floats("a", [2, 3], 1, 2, 3, 4, 5, 6).Floats("b", [1], 7));
        Assert.Equal([2L, 3L], file.Tensors["a"].Shape);
        var values = new float[6];
        file.ReadFloat32("a", values);
        Assert.Equal([1f, 2f, 3f, 4f, 5f, 6f], values);
        Assert.Equal(BitConverter.GetBytes(7f), file.Raw("b").ToArray());
    }

    [Fact]
    public void A_block_tensor_of_many_chunks_is_decoded_whole()
    {
        // Block b of Q8_0: scale 1, codes (b + j) mod 127.
        const int Blocks = 20_001;
        var data = new byte[34 * Blocks];
        for (var b = 0; b < Blocks; b++)
        {
            BitConverter.TryWriteBytes(data.AsSpan(34 * b), (Half)1);
            for (var j = 0; j < 32; j++)
                data[(34 * b) + 2 + j] = (byte)((b + j) % 127);
        }

        using var file = Open(new GgufBytes().Tensor("a", [Blocks, 32], 8, data));
        var values = new float[32 * Blocks];
        file.ReadFloat32("a", values);
        for (var i = 0; i < values.Length; i++)
            Assert.Equal(((i / 32) + (i % 32)) % 127, values[i]);
    }

    [Fact]
    public void Stored_blocks_are_given_row_by_row_and_never_beyond_the_tensor()
    {
        var data = Enumerable.Range(0, 3 * 2 * 34).Select(i => (byte)i).ToArray();
        using var file = Open(new GgufBytes().Tensor("a", [3, 64], 8, data).Floats("b", [1], 7));
        var blocks = file.Blocks("a");
        Assert.Equal(("Q8_0", 3L, 64L, 68L, 32, 34), (blocks.Format, blocks.Rows, blocks.Columns, blocks.BytesPerRow, blocks.ValuesPerBlock, blocks.BytesPerBlock));
        Assert.Equal(data[68..], blocks.Span(1, 2).ToArray());
        foreach (var (first, rows) in new[] { (0L, 4), (3L, 1), (-1L, 1), (0L, -1), (long.MaxValue, 1) })
            Assert.Throws<ArgumentOutOfRangeException>(() => blocks.Span(first, rows).Length);
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => blocks.Span(0, 1).Length);
    }

    [Fact]
    public void A_model_is_described_by_its_metadata()
    {
        using var file = Open(Model().With("llama.rope.freq_base", 5e5f).With("llama.attention.head_count_kv", 2u).With("llama.rope.scaling.type", "linear"));
        var model = GgufModelMetadata.Read(file, ["llama"]);
        Assert.Equal(("llama", 1, 8, 4, 2), (model.Architecture, model.BlockCount, model.EmbeddingLength, model.HeadCount, model.KeyValueHeadCount));
        Assert.Equal((5e5, "linear", 8L), (model.Number("rope.freq_base"), model.Text("rope.scaling.type"), model.Integer("embedding_length")));
        Assert.Null(model.Number("absent") ?? model.Integer("absent"));
        Assert.Null(model.Flag("absent"));
        Assert.Contains("llama.rope.scaling.type", Assert.Throws<AlidadeException>(() => model.Integer("rope.scaling.type")).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, object> Wrong => new()
    {
        { "llama.block_count", 2u },
        { "llama.block_count", 0u },
        { "llama.embedding_length", -8 },
        { "llama.embedding_length", 9u },
        { "llama.attention.head_count", 0u },
        { "llama.attention.head_count", new[] { 4, 4 } },
        { "llama.attention.head_count_kv", 3u },
        { "llama.attention.head_count_kv", 0u },
        { "llama.rope.freq_base", float.PositiveInfinity },
        { "llama.rope.freq_base", 0f },
        { "llama.some.factors", new[] { 1f, float.NaN } },
        { "llama.context_length", 0u },
        { "split.count", (ushort)2 },
        { "tokenizer.ggml.tokens", new[] { 1, 2 } },
        { "tokenizer.ggml.tokens", new[] { "a" } },
        { "tokenizer.ggml.token_type", new[] { 1 } },
        { "tokenizer.ggml.scores", new[] { 1f, 2f, 3f } },
        { "tokenizer.ggml.bos_token_id", 2u },
        { "general.architecture", "mamba" },
        { "general.architecture", 3 },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void A_value_that_no_model_can_have_is_named(string key, object value)
    {
        using var file = Open(Model((key, value)));
        var message = Assert.ThrowsAny<AlidadeException>(() => GgufModelMetadata.Read(file, ["llama"])).Message;
        // Tokens too few for their types, and an embedding that its heads do not divide, show at the other key.
        Assert.Contains(
            (key, value) switch
            {
                ("split.count", _) => "2 parts",
                ("general.architecture", string) => "mamba",
                ("llama.embedding_length", 9u) => "head_count",
                ("tokenizer.ggml.tokens", string[]) => "tokenizer.ggml.token_type",
                _ => key,
            },
            message,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("general.architecture")]
    [InlineData("llama.block_count")]
    [InlineData("llama.embedding_length")]
    [InlineData("llama.attention.head_count")]
    public void A_value_that_every_model_needs_is_asked_for(string key)
    {
        using var file = Open(Model((key, null)));
        Assert.Contains(key, Assert.Throws<AlidadeException>(() => GgufModelMetadata.Read(file, ["llama"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Damage_anywhere_is_refused_or_read_but_never_crashes()
    {
        var good = Model().Tensor("q", [2, 32], 2, new byte[36]).ToArray();
        Damage.Of(good).Sample(bytes => Damage.Survives(folder, bytes, GgufFile.Open), iter: 2000, threads: 1);
    }

    [Fact]
    public void Every_weight_of_the_real_model_is_a_finite_number()
    {
        var path = Path.Combine(GoldenFolder.Models, "SmolLM2-135M-Instruct.Q4_1.gguf");
        Assert.SkipUnless(File.Exists(path), GoldenFolder.Absent);
        using var file = GgufFile.Open(path);
        var model = GgufModelMetadata.Read(file, ["llama"]);
        Assert.Equal((30, 576, 9, 3), (model.BlockCount, model.EmbeddingLength, model.HeadCount, model.KeyValueHeadCount));
        foreach (var entry in file.Tensors.Values)
        {
            var values = new float[entry.Count];
            file.ReadFloat32(entry.Name, values);
            Assert.True(values.All(float.IsFinite), entry.Name);
        }
    }

    /// <summary>The smallest description of a model, with some values changed, or left out where null.</summary>
    private static GgufBytes Model(params (string Key, object? Value)[] changes)
    {
        var values = new OrderedDictionary<string, object?>
        {
            ["general.architecture"] = "llama",
            ["llama.block_count"] = 1u,
            ["llama.embedding_length"] = 8u,
            ["llama.attention.head_count"] = 4u,
            ["tokenizer.ggml.tokens"] = new[] { "a", "b" },
            ["tokenizer.ggml.token_type"] = new[] { 1, 1 },
            ["tokenizer.ggml.scores"] = new[] { 0f, -1f },
            ["tokenizer.ggml.bos_token_id"] = 1u,
        };
        foreach (var (key, value) in changes)
            values[key] = value;
        var bytes = new GgufBytes().Floats("a", [8], 0, 1, 2, 3, 4, 5, 6, 7);
        foreach (var (key, value) in values)
            if (value is not null)
                bytes.With(key, value);
        return bytes;
    }

    private GgufFile Open(GgufBytes bytes)
    {
        var path = Path.Combine(folder, "a.gguf");
        File.WriteAllBytes(path, bytes.ToArray());
        return GgufFile.Open(path);
    }
}
