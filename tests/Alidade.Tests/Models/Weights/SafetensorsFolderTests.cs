using Alidade.Core;
using Alidade.Models.Weights;
using Alidade.Tests.Golden;

namespace Alidade.Tests.Models.Weights;

public sealed class SafetensorsFolderTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("alidade").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void A_single_file_is_the_folder()
    {
        Shard("model.safetensors", ("a", 1f), ("b", 2f));
        using var weights = SafetensorsFolder.Open(folder);
        Assert.Equal(["a", "b"], weights.Tensors.Keys);
        Assert.Equal(2f, Value(weights, "b"));
    }

    [Fact]
    public void Shards_are_one_set_of_tensors()
    {
        Shard("x-1.safetensors", ("a", 1f));
        Shard("x-2.safetensors", ("b", 2f), ("left out of the index", 3f));
        Index("""{"metadata": {"total_size": 12}, "weight_map": {"b": "x-2.safetensors", "a": "x-1.safetensors"}}""");
        using var weights = SafetensorsFolder.Open(folder);
        Assert.Equal((1f, 2f, 3f), (Value(weights, "a"), Value(weights, "b"), Value(weights, "left out of the index")));
        Assert.Contains("'b'", Assert.Throws<AlidadeException>(() => weights.ReadFloat32("bb", new float[1])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(100, "model-00001-of-00003.safetensors,model-00002-of-00003.safetensors,model-00003-of-00003.safetensors,model.safetensors.index.json")]
    [InlineData(1000, "model.safetensors")]
    public void Weights_are_split_over_shards_only_where_they_must_be(long shardBytes, string files)
    {
        // What lay there before must not be mistaken for a part of it.
        Shard("model.safetensors", ("old", 1f));
        Shard("model-00001-of-00002.safetensors", ("older", 1f));
        Shard("adapter_model.safetensors", ("other", 1f));
        // 80, 20 + 40 and, larger than a shard, 160 bytes.
        var tensors = new[] { ("a", 20), ("b", 5), ("c", 10), ("d", 40) };
        SafetensorsShards.Write(folder, tensors.Select(t => TensorSource.Float32(t.Item1, [t.Item2], Enumerable.Repeat((float)t.Item2, t.Item2).ToArray())), shardBytes);
        File.Delete(Path.Combine(folder, "adapter_model.safetensors"));
        Assert.Equal(files, string.Join(',', Directory.EnumerateFiles(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)));
        using var weights = SafetensorsFolder.Open(folder);
        Assert.Equal(["a", "b", "c", "d"], weights.Tensors.Keys.Order(StringComparer.Ordinal));
        foreach (var (name, count) in tensors)
        {
            var values = new float[count];
            weights.ReadFloat32(name, values);
            Assert.All(values, v => Assert.Equal(count, v));
        }
    }

    [Theory]
    [InlineData("../outside.safetensors")]
    [InlineData("..\\\\outside.safetensors")]
    [InlineData("/outside.safetensors")]
    [InlineData("c:outside.safetensors")]
    [InlineData("sub/outside.safetensors")]
    [InlineData("..")]
    [InlineData("")]
    public void An_index_cannot_name_a_file_outside_the_folder(string name)
    {
        Index("""{"weight_map": {"a": "NAME"}}""".Replace("NAME", name, StringComparison.Ordinal));
        Assert.Contains("same folder", Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"weight_map": {"a": 1}}""", "same folder")]
    [InlineData("""{"weight_map": []}""", "weight_map")]
    [InlineData("[]", "weight_map")]
    [InlineData("{", "JSON")]
    [InlineData("""{"weight_map": {"a": "x-1.safetensors", "a": "x-1.safetensors"}}""", "twice")]
    [InlineData("""{"weight_map": {"zebra": "x-1.safetensors"}}""", "'zebra'")]
    [InlineData("""{"weight_map": {"a": "x-9.safetensors"}}""", "x-9.safetensors")]
    public void A_malformed_index_is_refused(string index, string said)
    {
        Shard("x-1.safetensors", ("a", 1f));
        Index(index);
        Assert.Contains(said, Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_tensor_in_two_shards_is_refused()
    {
        Shard("x-1.safetensors", ("a", 1f));
        Shard("x-2.safetensors", ("a", 2f), ("b", 2f));
        Index("""{"weight_map": {"a": "x-1.safetensors", "b": "x-2.safetensors"}}""");
        Assert.Contains("'a'", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_of_pickles_is_refused_by_name()
    {
        File.WriteAllText(Path.Combine(folder, "pytorch_model.bin"), "");
        Assert.Contains("pytorch_model.bin", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_reference_shards_hold_what_the_index_lists()
    {
        var path = GoldenFolder.PathOf("models/llama_sharded");
        Assert.SkipUnless(Directory.Exists(path), GoldenFolder.Absent);
        using var weights = SafetensorsFolder.Open(path);
        using var index = System.Text.Json.JsonDocument.Parse(File.ReadAllText(Path.Combine(path, "model.safetensors.index.json")));
        var listed = index.RootElement.GetProperty("weight_map").EnumerateObject().Select(p => p.Name);
        Assert.Equal(listed.Order(StringComparer.Ordinal), weights.Tensors.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64(), weights.Tensors.Values.Sum(t => t.Bytes));
    }

    private void Shard(string file, params (string Name, float Value)[] tensors) =>
        SafetensorsWriter.Write(Path.Combine(folder, file), tensors.Select(t => TensorSource.Float32(t.Name, [1], new[] { t.Value })));

    private void Index(string json) => File.WriteAllText(Path.Combine(folder, "model.safetensors.index.json"), json);

    private string Refused() => Assert.Throws<AlidadeException>(() => SafetensorsFolder.Open(folder)).Message;

    private static float Value(SafetensorsFolder weights, string name)
    {
        var value = new float[1];
        weights.ReadFloat32(name, value);
        return value[0];
    }
}
