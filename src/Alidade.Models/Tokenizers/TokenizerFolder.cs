using System.Text;
using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>The files beside a tokenizer.json: begin, end and padding tokens and the chat template.</summary>
internal static class TokenizerFolder
{
    /// <summary>Adds what the other files of the folder say.</summary>
    public static TokenizerDefinition Complete(TokenizerDefinition definition, string folder)
    {
        using var config = Open(folder, "tokenizer_config.json");
        using var generation = Open(folder, "generation_config.json");
        using var model = Open(folder, "config.json");
        var (chat, tools) = ChatTemplateFiles.Find(folder, config.Field);
        return definition with
        {
            BeginningOfText = Id("bos_token"),
            EndOfText = Id("eos_token"),
            Padding = Id("pad_token"),
            ChatTemplateSource = chat,
            ToolChatTemplateSource = tools,
        };

        int? Id(string name)
        {
            var field = config.Field[name];
            var text = field.Value.ValueKind == JsonValueKind.Object ? field["content"].OptionalText : field.OptionalText;
            if (text is not null)
            {
                var found = definition.AddedTokens.FirstOrDefault(t => t.Content == text)?.Id;
                return found ?? (definition.Model.Ids.TryGetValue(text, out var id) ? id
                    : throw new AlidadeException($"{field.Where}: the token '{text}' is not in {definition.Name}"));
            }

            // The tokenizer's own file says best; the others give ids, a list where several tokens end a text.
            foreach (var other in new[] { generation, model })
                if (other.Field[name + "_id"] is { IsMissing: false } ids)
                    return ids.Value.ValueKind != JsonValueKind.Array ? ids.Integer : ids.Items.Any() ? ids.Items.First().Integer : null;
            return null;
        }
    }

    /// <summary>Writes tokenizer.json and tokenizer_config.json, each first under another name.</summary>
    public static void Save(TokenizerDefinition definition, Tokenizer tokenizer, string folder)
    {
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "tokenizer.json"), stream => TokenizerJson.Write(definition, stream));
        Write(Path.Combine(folder, "tokenizer_config.json"), stream =>
        {
            using var writer = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true });
            writer.WriteStartObject();
            writer.WriteString("tokenizer_class", "PreTrainedTokenizerFast");
            foreach (var (name, id) in new[] { ("bos_token", definition.BeginningOfText), ("eos_token", definition.EndOfText), ("pad_token", definition.Padding) })
                if (id is { } known)
                    writer.WriteString(name, tokenizer.Token(known));
            ChatTemplateFiles.Write(writer, definition.ChatTemplateSource, definition.ToolChatTemplateSource);
            writer.WriteEndObject();
        });
    }

    private static void Write(string path, Action<Stream> write)
    {
        var temporary = path + ".tmp";
        try
        {
            using (var stream = File.Create(temporary))
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new AlidadeException($"{path} cannot be written: {exception.Message}", exception);
        }
    }

    /// <summary>A JSON file beside the tokenizer; empty when it is absent.</summary>
    public static ConfigFile Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return new(null, path);
        try
        {
            return new(JsonDocument.Parse(File.ReadAllBytes(path)), path);
        }
        catch (Exception exception) when (exception is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new AlidadeException($"{path} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>A JSON file that may be absent.</summary>
    internal sealed record ConfigFile(JsonDocument? Document, string Path) : IDisposable
    {
        /// <summary>Its contents.</summary>
        public JsonField Field => new(Document?.RootElement ?? default, Path, "");

        /// <inheritdoc/>
        public void Dispose() => Document?.Dispose();
    }
}
