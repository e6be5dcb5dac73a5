using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Weights;

/// <summary>
/// The weights of a Hugging Face model folder: <c>model.safetensors</c>, or the shards that <c>model.safetensors.index.json</c> lists.
/// </summary>
public sealed class SafetensorsFolder : IWeightFile
{
    internal const string Single = "model.safetensors";
    internal const string Index = "model.safetensors.index.json";

    private readonly List<SafetensorsFile> shards = [];
    private readonly OrderedDictionary<string, TensorEntry> tensors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SafetensorsFile> shardOf = new(StringComparer.Ordinal);

    private SafetensorsFolder(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, TensorEntry> Tensors => tensors;

    /// <summary>The files that are open.</summary>
    internal IEnumerable<string> Files => shards.Select(s => s.Path);

    /// <summary>Opens the folder's weights: the single file where there is one, else every shard of the index.</summary>
    /// <exception cref="AlidadeException">
    /// The folder holds neither, the index is malformed or names a file outside the folder, a shard is absent or malformed, or a tensor is not in the shard
    /// that the index gives or is in another one too.
    /// </exception>
    public static SafetensorsFolder Open(string path)
    {
        if (!Directory.Exists(path))
            throw new AlidadeException($"'{path}' is not a folder");
        var folder = new SafetensorsFolder(path);
        try
        {
            if (File.Exists(System.IO.Path.Combine(path, Single)))
                folder.Add(Single, null);
            else if (File.Exists(System.IO.Path.Combine(path, Index)))
                folder.AddShards(System.IO.Path.Combine(path, Index));
            else
                throw NoWeights(path);
            return folder;
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void ReadFloat32(string name, Span<float> destination) => Find(name).ReadFloat32(name, destination);

    /// <inheritdoc/>
    public void ReadFloat32(string name, long first, Span<float> destination) => Find(name).ReadFloat32(name, first, destination);

    /// <inheritdoc/>
    public void ReadFloat64(string name, Span<double> destination) => Find(name).ReadFloat64(name, destination);

    /// <inheritdoc/>
    public void ReadInt64(string name, Span<long> destination) => Find(name).ReadInt64(name, destination);

    /// <inheritdoc/>
    public ReadOnlySpan<byte> Raw(string name) => Find(name).Raw(name);

    /// <inheritdoc/>
    public TensorBlocks Blocks(string name) => Find(name).Blocks(name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in shards)
            shard.Dispose();
    }

    private void AddShards(string indexPath)
    {
        var index = ReadIndex(indexPath);
        foreach (var shard in index.Values.Distinct(StringComparer.Ordinal))
            Add(shard, index);
        foreach (var (tensor, shard) in index)
            if (!shardOf.ContainsKey(tensor))
                throw new AlidadeException($"'{indexPath}' says that '{Shown.Name(tensor)}' is in {shard}, which does not hold it");
    }

    /// <summary>A tensor that the index gives to another shard is in two places; one that it leaves out is taken from where it is.</summary>
    private void Add(string shard, IReadOnlyDictionary<string, string>? index)
    {
        var file = SafetensorsFile.Open(System.IO.Path.Combine(Path, shard));
        shards.Add(file);
        foreach (var (name, entry) in file.Tensors)
        {
            if ((index?.TryGetValue(name, out var given) == true && given != shard) || !shardOf.TryAdd(name, file))
                throw new AlidadeException($"'{file.Path}' holds '{Shown.Name(name)}', which the index or another shard has too");
            tensors.Add(name, entry);
        }
    }

    /// <summary>The shard of each tensor, as an index gives it: plain names of .safetensors files.</summary>
    /// <exception cref="AlidadeException">The index is malformed, or names a file of another kind or outside the folder.</exception>
    internal static OrderedDictionary<string, string> ReadIndex(string path)
    {
        var map = new OrderedDictionary<string, string>(StringComparer.Ordinal);
        try
        {
            using var stream = File.OpenRead(path);
            using var json = JsonDocument.Parse(stream, new JsonDocumentOptions { MaxDepth = 16 });
            var isObject = json.RootElement.ValueKind == JsonValueKind.Object;
            if (!isObject || !json.RootElement.TryGetProperty("weight_map", out var weights) || weights.ValueKind != JsonValueKind.Object)
                throw new AlidadeException($"'{path}' has no object 'weight_map' of tensor names and file names");
            foreach (var entry in weights.EnumerateObject())
            {
                var shard = entry.Value.ValueKind == JsonValueKind.String ? entry.Value.GetString()! : "";
                if (!IsFileName(shard))
                {
                    var given = $"'{Shown.Name(entry.Name)}' is given to '{Shown.Name(shard)}'";
                    throw new AlidadeException($"'{path}': {given}; a shard is the plain name of a .safetensors file in the same folder");
                }

                if (!map.TryAdd(entry.Name, shard))
                    throw new AlidadeException($"'{path}' lists '{Shown.Name(entry.Name)}' twice");
            }
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            throw new AlidadeException($"'{path}' is not valid JSON: {exception.Message.ReplaceLineEndings(" ")}", exception);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AlidadeException($"cannot read '{path}': {exception.Message.ReplaceLineEndings(" ")}", exception);
        }

        return map;
    }

    /// <summary>
    /// No separators of any system and no drive, so that a shard stays in the folder. A link is followed: download caches are made of links.
    /// </summary>
    private static bool IsFileName(string name) =>
        name.EndsWith(".safetensors", StringComparison.Ordinal) && name.AsSpan().IndexOfAny("/\\:\0") < 0;

    private SafetensorsFile Find(string name) =>
        shardOf.TryGetValue(name, out var file) ? file : throw TensorTable.MissingTensor(Path, name, tensors.Keys);

    private static AlidadeException NoWeights(string path)
    {
        var pickle = Directory.EnumerateFiles(path)
            .Where(file => System.IO.Path.GetExtension(file) is ".bin" or ".pt" or ".pth")
            .Select(System.IO.Path.GetFileName)
            .Order(StringComparer.Ordinal)
            .FirstOrDefault();
        return pickle is null
            ? new AlidadeException($"'{path}' holds no weights: neither {Single} nor {Index}")
            : new AlidadeException($"'{path}' holds its weights as '{pickle}', which can run code when it is opened; convert it to {Single} first");
    }
}
