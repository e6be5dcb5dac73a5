using System.Text.Json;

namespace Alidade.Models.Tokenizers;

/// <summary>All that a tokenizer is made of, wherever it came from. The component fields are those of a tokenizer.json.</summary>
internal sealed record TokenizerDefinition
{
    /// <summary>The file's name for messages.</summary>
    public required string Name { get; init; }

    /// <summary>The subword model.</summary>
    public required SubwordVocabulary Model { get; init; }

    /// <summary>Tokens found in the text as they stand.</summary>
    public required IReadOnlyList<AddedToken> AddedTokens { get; init; }

    /// <summary>The field <c>normalizer</c>.</summary>
    public JsonElement Normalizer { get; init; }

    /// <summary>The field <c>pre_tokenizer</c>.</summary>
    public JsonElement PreTokenizer { get; init; }

    /// <summary>The field <c>post_processor</c>.</summary>
    public JsonElement PostProcessor { get; init; }

    /// <summary>The field <c>decoder</c>.</summary>
    public JsonElement Decoder { get; init; }

    /// <summary>The field <c>truncation</c>.</summary>
    public JsonElement Truncation { get; init; }

    /// <summary>The field <c>padding</c>.</summary>
    public JsonElement Padded { get; init; }

    /// <summary>The id of the begin-of-text token, if there is one.</summary>
    public int? BeginningOfText { get; init; }

    /// <summary>The id of the end-of-text token, if there is one.</summary>
    public int? EndOfText { get; init; }

    /// <summary>The id of the padding token, if there is one.</summary>
    public int? Padding { get; init; }

    /// <summary>The chat template's source, if there is one.</summary>
    public string? ChatTemplateSource { get; init; }

    /// <summary>The source of the chat template for conversations with tools, if that is another one.</summary>
    public string? ToolChatTemplateSource { get; init; }

    /// <summary>A component written as JSON text.</summary>
    public static JsonElement Component(string json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.Clone();
    }
}
