using System.Text.Json;
using Alidade.Core;
using Alidade.Core.Files;

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
            return First(generation.Field[name + "_id"] is { IsMissing: false } ids ? ids : model.Field[name + "_id"]);
        }

        // Older configurations write −1 for none.
        static int? First(JsonField ids)
        {
            var id = ids.Value.ValueKind == JsonValueKind.Array ? ids.Items.FirstOrDefault() : ids;
            return id.IsMissing || (id.Value.ValueKind == JsonValueKind.Number && id.Value.TryGetInt32(out var number) && number == -1) ? null : id.Integer;
        }
    }

    /// <summary>Writes tokenizer.json and tokenizer_config.json.</summary>
    public static void Save(TokenizerDefinition definition, Tokenizer tokenizer, string folder)
    {
        AtomicFile.Write(Path.Combine(folder, "tokenizer.json"), stream => TokenizerJson.Write(definition, stream));
        AtomicFile.Write(Path.Combine(folder, "tokenizer_config.json"), stream =>
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

    /// <summary>A JSON file beside the tokenizer; empty when it is absent.</summary>
    public static ConfigFile Open(string folder, string name)
    {
        var path = Path.Combine(folder, name);
        if (!File.Exists(path))
            return new(null, path);
        using var stream = InputFile.Open(path);
        try
        {
            return new(JsonDocument.Parse(stream), path);
        }
        catch (JsonException exception)
        {
            throw new AlidadeException($"{path} is not JSON: {exception.Message}", exception);
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
