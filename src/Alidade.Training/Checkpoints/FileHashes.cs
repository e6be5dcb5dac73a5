using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Training.Checkpoints;

/// <summary>
/// The SHA-256 of every file of a folder, in a file of its own that is written last: with it the folder is whole, and any byte that changes afterwards shows.
/// </summary>
internal static class FileHashes
{
    public const string Name = "hashes.json";

    /// <summary>Seals the folder as it is now.</summary>
    public static void Seal(string folder) => AtomicFile.WriteAllText(
        Path.Combine(folder, Name),
        Json.ToNode(Files(folder).ToDictionary(f => Path.GetFileName(f), ContentHash.OfFile))!.ToJsonString(Json.Indented) + "\n");

    /// <summary>What is wrong with a sealed folder, such as "weights.safetensors is not as it was written"; null when all is as it was.</summary>
    public static string? Fault(string folder)
    {
        var seal = Path.Combine(folder, Name);
        if (!File.Exists(seal))
            return $"{Name} is missing";
        try
        {
            var hashes = Json.ReadFile<Dictionary<string, string>>(seal);
            foreach (var (name, hash) in hashes)
                if (Path.GetFileName(name) != name || !File.Exists(Path.Combine(folder, name)))
                    return $"{name} is missing";
                else if (ContentHash.OfFile(Path.Combine(folder, name)) != hash)
                    return $"{name} is not as it was written";
            return Files(folder).Select(f => Path.GetFileName(f)).FirstOrDefault(f => !hashes.ContainsKey(f)) is { } added ? $"{added} was added" : hashes.Count == 0 ? $"{Name} is empty" : null;
        }
        catch (AlidadeException exception)
        {
            return exception.Message;
        }
    }

    private static IEnumerable<string> Files(string folder) => Directory.EnumerateFiles(folder).Where(f => Path.GetFileName(f) != Name).Order(StringComparer.Ordinal);
}
