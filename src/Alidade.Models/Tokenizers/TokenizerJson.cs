using System.Text;
using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>Reads and writes tokenizer.json of Hugging Face tokenizers (version 1.0; also the older forms of its fields).</summary>
internal static class TokenizerJson
{
    // Far above any vocabulary; it keeps a lying file from asking for memory.
    private const int LargestId = 1 << 22;

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
            var model = ReadModel(root["model"]);
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
        WriteModel(writer, definition.Model);
        writer.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter writer, BytePairVocabulary model)
    {
        writer.WriteStartObject("model");
        writer.WriteString("type", "BPE");
        writer.WriteNull("dropout");
        writer.WriteString("unk_token", model.Unknown);
        writer.WriteString("continuing_subword_prefix", model.ContinuingPrefix);
        writer.WriteString("end_of_word_suffix", model.EndSuffix);
        writer.WriteBoolean("fuse_unk", model.FuseUnknown);
        writer.WriteBoolean("byte_fallback", model.ByteFallback);
        writer.WriteBoolean("ignore_merges", model.IgnoreMerges);
        writer.WriteStartObject("vocab");
        foreach (var (token, id) in model.Ids.OrderBy(x => x.Value))
            writer.WriteNumber(token, id);
        writer.WriteEndObject();
        writer.WriteStartArray("merges");
        foreach (var (left, right) in model.Merges)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(left);
            writer.WriteStringValue(right);
            writer.WriteEndArray();
        }

        writer.WriteEndArray();
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

    private static BytePairVocabulary ReadModel(JsonField model)
    {
        if (model.IsMissing)
            throw model.Wrong("an object");

        // Old files leave the type out; only BPE has merges.
        var type = model["type"].OptionalText ?? (model["merges"].IsMissing ? "of unknown type" : "BPE");
        if (type != "BPE")
            throw new NotBuiltException($"{model.Where}: the model {type} is not built; BPE is");
        var dropout = model["dropout"];
        if (!dropout.IsMissing && !(dropout.Value.ValueKind == JsonValueKind.Number && dropout.Value.GetDouble() == 0))
            throw new NotBuiltException($"{dropout.Where}: BPE dropout is not built");
        return new()
        {
            Ids = ReadVocabulary(model["vocab"]),
            Merges = ReadMerges(model["merges"]),
            Unknown = model["unk_token"].OptionalText,
            ContinuingPrefix = NotEmpty(model["continuing_subword_prefix"].OptionalText),
            EndSuffix = NotEmpty(model["end_of_word_suffix"].OptionalText),
            FuseUnknown = model["fuse_unk"].Flag(false),
            ByteFallback = model["byte_fallback"].Flag(false),
            IgnoreMerges = model["ignore_merges"].Flag(false),
        };
    }

    private static string? NotEmpty(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static Dictionary<string, int> ReadVocabulary(JsonField vocab)
    {
        if (vocab.Value.ValueKind != JsonValueKind.Object)
            throw vocab.Wrong("an object of tokens and ids");
        var ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in vocab.Value.EnumerateObject())
        {
            string token;
            try
            {
                token = entry.Name;
            }
            catch (InvalidOperationException)
            {
                throw new AlidadeException($"{vocab.Where} holds a token with a half of a surrogate pair; tokens must be well-formed text");
            }

            var id = new JsonField(entry.Value, vocab.File, $"{vocab.Path}['{token}']");
            ids[token] = CheckedId(id);
        }

        return ids;
    }

    private static int CheckedId(JsonField id) => id.Integer <= LargestId ? id.Integer : throw id.Wrong($"an id up to {LargestId}");

    private static List<(string Left, string Right)> ReadMerges(JsonField merges)
    {
        if (merges.IsMissing)
            throw merges.Wrong("an array of pairs");
        var pairs = new List<(string, string)>();
        foreach (var merge in merges.Items)
        {
            if (merge.Value.ValueKind == JsonValueKind.String)
            {
                var text = merge.Text;
                var space = text.IndexOf(' ', StringComparison.Ordinal);
                if (space < 0 || text.IndexOf(' ', space + 1) >= 0)
                    throw merge.Wrong("two tokens with one space between them");
                pairs.Add((text[..space], text[(space + 1)..]));
                continue;
            }

            var parts = merge.Items.ToList();
            pairs.Add(parts.Count == 2 ? (parts[0].Text, parts[1].Text) : throw merge.Wrong("a pair of tokens"));
        }

        return pairs;
    }

    private static AddedToken ReadAdded(JsonField field, BytePairVocabulary model)
    {
        var content = field["content"].Text;
        // A token that the model has too keeps the model's id, whatever the file says, as in the reference.
        var id = model.Ids.TryGetValue(content, out var known) ? known : CheckedId(field["id"]);
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
