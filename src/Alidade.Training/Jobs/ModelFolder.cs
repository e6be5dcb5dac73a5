namespace Alidade.Training.Jobs;

/// <summary>What of a model's folder makes the model.</summary>
public static class ModelFolder
{
    private const string AdapterFile = "adapter_config.json";
    private static readonly string[] Kinds = ["*.safetensors", "*.json", "*.jinja", "*.model"];

    /// <summary>Its files, in the order of their names: weights, configurations, tokenizer, template.</summary>
    /// <param name="path">A folder, or a file that is a whole model.</param>
    public static IEnumerable<string> FilesOf(string path) =>
        File.Exists(path) ? [path] : Kinds.SelectMany(k => Directory.EnumerateFiles(path, k)).Order(StringComparer.Ordinal);

    /// <summary>True for the folder of a whole model.</summary>
    /// <param name="path">A folder.</param>
    public static bool IsModel(string path) => File.Exists(Path.Combine(path, "config.json"));

    /// <summary>True for a PEFT folder, which is an adapter and no model by itself.</summary>
    /// <param name="path">A folder.</param>
    public static bool IsAdapter(string path) => File.Exists(Path.Combine(path, AdapterFile));
}
