using System.Text;
using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Reads and writes tokenizer.json of Hugging Face tokenizers (version 1.0; also the older forms of its fields).</summary>
internal static class TokenizerJson
{
    /// <summary>Reads a tokenizer.json.</summary>
    /// <exception cref="AlidadeException">The file is malformed; the message names the field.</exception>
    /// <exception cref="NotBuiltException">A component is not supported.</exception>
    public static TokenizerDefinition Read(Stream utf8, string name)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(utf8, new JsonDocumentOptions { MaxDepth = 64 });
        }
        catch (JsonException exception)
        {
            throw new AlidadeException($"{name} is not JSON: {exception.Message}", exception);
        }

        using (document)
        {
            var root = new JsonField(document.RootElement, name, "");
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                throw root.Wrong("an object");
            var model = SubwordVocabularyReader.Read(root["model"]);
            return new()
            {
                Name = name,
                Model = model,
                AddedTokens = [.. root["added_tokens"].Items.Select(item => ReadAdded(item, model))],
                Normalizer = Clone(root["normalizer"]),
                PreTokenizer = Clone(root["pre_tokenizer"]),
                PostProcessor = Clone(root["post_processor"]),
                Decoder = Clone(root["decoder"]),
                Truncation = Clone(root["truncation"]),
                Padded = Clone(root["padding"]),
            };
        }
    }

    /// <summary>Writes a tokenizer.json that <see cref="Read"/> reads as the same tokenizer.</summary>
    public static void Write(TokenizerDefinition definition, Stream utf8)
    {
        using var writer = new Utf8JsonWriter(utf8, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        writer.WriteStartObject();
        writer.WriteString("version", "1.0");
        WriteComponent(writer, "truncation", definition.Truncation);
        WriteComponent(writer, "padding", definition.Padded);
        writer.WriteStartArray("added_tokens");
        foreach (var token in definition.AddedTokens)
        {
            writer.WriteStartObject();
            writer.WriteNumber("id", token.Id);
            writer.WriteString("content", token.Content);
            writer.WriteBoolean("single_word", token.SingleWord);
            writer.WriteBoolean("lstrip", token.TakesSpaceBefore);
            writer.WriteBoolean("rstrip", token.TakesSpaceAfter);
            writer.WriteBoolean("normalized", token.Normalized);
            writer.WriteBoolean("special", token.Special);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
        WriteComponent(writer, "normalizer", definition.Normalizer);
        WriteComponent(writer, "pre_tokenizer", definition.PreTokenizer);
        WriteComponent(writer, "post_processor", definition.PostProcessor);
        WriteComponent(writer, "decoder", definition.Decoder);
        writer.WriteStartObject("model");
        definition.Model.Write(writer);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteComponent(Utf8JsonWriter writer, string name, JsonElement component)
    {
        writer.WritePropertyName(name);
        if (component.ValueKind == JsonValueKind.Undefined)
            writer.WriteNullValue();
        else
            component.WriteTo(writer);
    }

    private static JsonElement Clone(JsonField field) => field.IsMissing ? default : field.Value.Clone();

    private static AddedToken ReadAdded(JsonField field, SubwordVocabulary model)
    {
        var content = field["content"].Text;
        // A token that the model has too keeps the model's id, whatever the file says, as in the reference.
        var id = model.Ids.TryGetValue(content, out var known) ? known : SubwordVocabularyReader.ReadId(field["id"]);
        return new(id, content)
        {
            SingleWord = field["single_word"].Flag(false),
            TakesSpaceBefore = field["lstrip"].Flag(false),
            TakesSpaceAfter = field["rstrip"].Flag(false),
            Normalized = field["normalized"].Flag(!field["special"].Flag(false)),
            Special = field["special"].Flag(false),
        };
    }
}
