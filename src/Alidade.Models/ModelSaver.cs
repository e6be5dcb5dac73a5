using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;
using Alidade.Models.Families;

namespace Alidade.Models;

/// <summary>Writes models as Hugging Face folders.</summary>
internal static class ModelSaver
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    public static void Save(CausalLM model, ModelFamily family, string folder, string format)
    {
        if (model.Config.HeadBias)
            throw new AlidadeException($"{model.Name} with processed weights has a bias on its output head, for which the files of a {family.ModelType} have no place; save the model it was made from");
        Directory.CreateDirectory(folder);
        TensorFiles.Write(Path.Combine(folder, "model.safetensors"), model.Parameters.Select(p => (p.Key, p.Value)), format, new Dictionary<string, string> { ["format"] = "pt" });
        if (model.HasTokenizer)
            model.Tokenizer.Save(folder);
        if (model.ChatTemplate is { } template)
            AtomicFile.WriteAllText(Path.Combine(folder, "chat_template.jinja"), template.Source);
        // Last, so that a folder with a config.json is whole.
        AtomicFile.WriteAllText(Path.Combine(folder, "config.json"), family.Write(model.Config).ToJsonString(Indented) + "\n");
    }
}
