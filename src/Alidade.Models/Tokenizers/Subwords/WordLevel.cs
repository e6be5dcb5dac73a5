using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>What a word-level model is made of.</summary>
internal sealed record WordLevelVocabulary : SubwordVocabulary
{
    /// <summary>The token for unknown words.</summary>
    public required string Unknown { get; init; }

    /// <summary>Reads the field <c>model</c>.</summary>
    public static WordLevelVocabulary Read(JsonField model) => new()
    {
        Ids = SubwordVocabularyReader.ReadIds(model["vocab"]),
        Unknown = model["unk_token"].Text,
    };

    /// <inheritdoc/>
    public override ISubwordModel Build(string name) => new WordLevel(this, name);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "WordLevel");
        SubwordVocabularyReader.WriteIds(writer, Ids);
        writer.WriteString("unk_token", Unknown);
    }
}

/// <summary>Every piece is one token: itself, or the unknown token.</summary>
internal sealed class WordLevel(WordLevelVocabulary vocabulary, string name) : ISubwordModel
{
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> ids = vocabulary.Ids.GetAlternateLookup<ReadOnlySpan<char>>();

    /// <inheritdoc/>
    public Subword[] Tokenize(ReadOnlySpan<char> piece) =>
        piece.Length == 0 ? []
        : ids.TryGetValue(piece, out var id) || vocabulary.Ids.TryGetValue(vocabulary.Unknown, out id) ? [new(id, 0, piece.Length)]
        : throw new AlidadeException($"{name}: model.unk_token '{vocabulary.Unknown}' is not in model.vocab, and the text has the unknown word '{Shortened(piece)}'");

    private static string Shortened(ReadOnlySpan<char> piece) => piece.Length <= 40 ? piece.ToString() : string.Concat(piece[..40], "…");
}
