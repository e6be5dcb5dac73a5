using Alidade.Models.Families;

namespace Alidade.Models.Encoders;

/// <summary>Special tokens that a model's folder names beside its tokenizer.json.</summary>
internal static class SpecialTokens
{
    /// <summary>The text of a token such as <c>mask_token</c>; null when no file names it.</summary>
    public static string? Text(string folder, string name)
    {
        foreach (var file in new[] { "tokenizer_config.json", "special_tokens_map.json" })
        {
            var path = Path.Combine(folder, file);
            if (!File.Exists(path))
                continue;
            var reader = ConfigReader.Open(path);
            if ((reader.IsObject(name) ? reader.Object(name)!.Text("content") : reader.Text(name)) is { } text)
                return text;
        }

        return null;
    }
}
