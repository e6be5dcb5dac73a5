using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Families;
using Alidade.Models.Weights;

namespace Alidade.Models;

/// <summary>Writes models as Hugging Face folders.</summary>
internal static class ModelSaver
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Save(CausalLM model, ModelFamily family, string folder, string format, long shardBytes)
    {
        if (model.HasProcessedWeights)
            throw new AlidadeException($"{model.Name} with processed weights has a bias on its output head, for which the files of a {family.ModelType} have no place; save the model it was made from");
        // What cannot be written is said before anything is touched.
        var scoring = model.Config.Scoring;
        var weights = model.Parameters.Where(p => scoring is null || !p.Key.StartsWith(family.Names.Head + ".", StringComparison.Ordinal)).Select(p => TensorFiles.Source(p.Key, p.Value, format)).ToList();
        var config = family.Write(model.Config);
        scoring?.Write(config);
        var configPath = Path.Combine(folder, "config.json");
        Directory.CreateDirectory(folder);
        File.Delete(configPath);
        SafetensorsShards.Write(folder, weights, shardBytes, new Dictionary<string, string> { ["format"] = "pt" });
        if (model.HasTokenizer)
            model.Tokenizer.Save(folder);
        if (model.ChatTemplate is { } template)
            AtomicFile.WriteAllText(Path.Combine(folder, "chat_template.jinja"), template.Source);
        // Last, so that a folder with a config.json is whole.
        AtomicFile.WriteAllText(configPath, config.ToJsonString(Indented) + "\n");
    }
}
