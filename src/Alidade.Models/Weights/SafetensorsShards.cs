using System.Text.Json;
using Alidade.Core.Files;

namespace Alidade.Models.Weights;

/// <summary>
/// Writes the weights of a Hugging Face folder: one <c>model.safetensors</c> while they fit, else shards of at most a size and the index that lists them.
/// </summary>
/// <remarks>Tensors are dealt in order, as huggingface_hub does; one that is larger than a shard has a shard of its own.</remarks>
public static class SafetensorsShards
{
    /// <summary>The hub's own size of a shard: 5 GB.</summary>
    public const long DefaultBytes = 5_000_000_000;

    /// <summary>Writes the weights; each file is written whole or not at all, the index last. Weights that lay there before and are not replaced are removed.</summary>
    /// <param name="folder">Made when absent.</param>
    /// <param name="tensors">Each name once.</param>
    /// <param name="shardBytes">Most bytes of tensors in one file.</param>
    /// <param name="metadata">Free text for the headers; null for none.</param>
    /// <inheritdoc cref="SafetensorsWriter.Write" path="/exception"/>
    public static void Write(string folder, IEnumerable<TensorSource> tensors, long shardBytes = DefaultBytes, IReadOnlyDictionary<string, string>? metadata = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(shardBytes);
        var shards = Deal(tensors, shardBytes);
        var names = shards.Count == 1 ? [SafetensorsFolder.Single] : Enumerable.Range(1, shards.Count).Select(i => $"model-{i:00000}-of-{shards.Count:00000}.safetensors").ToArray();
        for (var i = 0; i < names.Length; i++)
            SafetensorsWriter.Write(Path.Combine(folder, names[i]), shards[i], metadata);
        var index = Path.Combine(folder, SafetensorsFolder.Index);
        if (names.Length > 1)
            AtomicFile.WriteAllText(index, IndexOf(shards, names));
        else
            File.Delete(index);
        foreach (var old in Directory.EnumerateFiles(folder, "model*.safetensors").Where(f => IsWeights(Path.GetFileName(f)) && !names.Contains(Path.GetFileName(f))).ToList())
            File.Delete(old);
    }

    private static List<List<TensorSource>> Deal(IEnumerable<TensorSource> tensors, long most)
    {
        List<List<TensorSource>> shards = [[]];
        var filled = 0L;
        foreach (var tensor in tensors)
        {
            var bytes = SafetensorsWriter.BytesOf(tensor);
            if (filled > 0 && filled + bytes > most)
            {
                shards.Add([]);
                filled = 0;
            }

            shards[^1].Add(tensor);
            filled += bytes;
        }

        return shards;
    }

    private static string IndexOf(List<List<TensorSource>> shards, string[] names)
    {
        var map = shards.Zip(names, (shard, name) => shard.Select(t => KeyValuePair.Create(t.Name, name))).SelectMany(entries => entries);
        var index = new
        {
            metadata = new { total_size = shards.Sum(shard => shard.Sum(SafetensorsWriter.BytesOf)) },
            weight_map = new OrderedDictionary<string, string>(map, StringComparer.Ordinal),
        };
        return JsonSerializer.Serialize(index, Json.Indented) + "\n";
    }

    private static bool IsWeights(string name) =>
        name == SafetensorsFolder.Single || System.Text.RegularExpressions.Regex.IsMatch(name, @"^model-\d{5}-of-\d{5}\.safetensors$");
}
