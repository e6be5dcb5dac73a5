using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;

namespace Alidade.Models.Tokenizers;

/// <summary>Where a model's folder keeps its chat templates: the plain one, and one for conversations with tools.</summary>
internal static class ChatTemplateFiles
{
    private const string Plain = "default", Tools = "tool_use", Field = "chat_template";

    /// <summary>
    /// The templates: chat_template.jinja with additional_chat_templates/tool_use.jinja, else the field <c>chat_template</c> of chat_template.json, else that of
    /// tokenizer_config.json: a text, or a list of named ones.
    /// </summary>
    /// <param name="folder">The model's folder.</param>
    /// <param name="config">The contents of tokenizer_config.json.</param>
    /// <exception cref="AlidadeException">A file cannot be read, or a field holds something else.</exception>
    public static (string? Plain, string? Tools) Find(string folder, JsonField config)
    {
        var jinja = Path.Combine(folder, "chat_template.jinja");
        if (File.Exists(jinja))
            return (Read(jinja), Path.Combine(folder, "additional_chat_templates", Tools + ".jinja") is var tools && File.Exists(tools) ? Read(tools) : null);
        using var processor = TokenizerFolder.Open(folder, "chat_template.json");
        var field = processor.Field[Field].IsMissing ? config[Field] : processor.Field[Field];
        if (field.Value.ValueKind != JsonValueKind.Array)
            return (field.OptionalText, null);
        var named = new Dictionary<string, string>();
        foreach (var item in field.Items)
            named[item["name"].Text] = item["template"].Text;
        // One template under another name is the one to use.
        return (named.GetValueOrDefault(Plain) ?? (named.Count == 1 ? named.Values.First() : null), named.GetValueOrDefault(Tools));
    }

    /// <summary>Writes the field of tokenizer_config.json.</summary>
    public static void Write(Utf8JsonWriter writer, string? plain, string? tools)
    {
        if (tools is null && plain is not null)
            writer.WriteString(Field, plain);
        if (tools is null)
            return;
        writer.WriteStartArray(Field);
        foreach (var (name, template) in new[] { (Plain, plain), (Tools, tools) })
            if (template is not null)
            {
                writer.WriteStartObject();
                writer.WriteString("name", name);
                writer.WriteString("template", template);
                writer.WriteEndObject();
            }

        writer.WriteEndArray();
    }

    private static string Read(string path)
    {
        using var reader = new StreamReader(InputFile.Open(path));
        return reader.ReadToEnd();
    }
}
