namespace Alidade.Training.Jobs;

/// <summary>What of a model's folder makes the model.</summary>
public static class ModelFolder
{
    private const string AdapterFile = "adapter_config.json";
    private const string ModelFile = "config.json";
    private static readonly string[] Kinds = ["*.safetensors", "*.json", "*.jinja", "*.model"];

    /// <summary>Its files, in the order of their names: weights, configurations, tokenizer, template.</summary>
    /// <param name="path">A folder, or a file that is a whole model.</param>
    public static IEnumerable<string> FilesOf(string path) =>
        File.Exists(path) ? [path] : Kinds.SelectMany(k => Directory.EnumerateFiles(path, k)).Order(StringComparer.Ordinal);

    /// <summary>The folders of an ensemble's members, in the order of their names: adapters in folders of their own below one that is neither an adapter nor a model itself; empty for everything else.</summary>
    /// <param name="path">A folder.</param>
    public static IReadOnlyList<string> MembersOf(string path) =>
        Directory.Exists(path) && !IsAdapter(path) && !File.Exists(Path.Combine(path, ModelFile)) ? [.. Directory.EnumerateDirectories(path).Where(IsAdapter).Order(StringComparer.Ordinal)] : [];

    /// <summary>True for a PEFT folder, which is an adapter and no model by itself.</summary>
    /// <param name="path">A folder.</param>
    public static bool IsAdapter(string path) => File.Exists(Path.Combine(path, AdapterFile));
}
