using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>One token of a piece: its id, and the UTF-16 units of the piece that it covers.</summary>
internal readonly record struct Subword(int Id, int Start, int End);

/// <summary>Turns one piece of normalised text into tokens.</summary>
internal interface ISubwordModel
{
    /// <summary>The tokens of a piece. Safe for concurrent use; the array may be shared, so it must not be changed.</summary>
    Subword[] Tokenize(ReadOnlySpan<char> piece);
}

/// <summary>What a subword model is made of, as the field <c>model</c> of a tokenizer.json has it.</summary>
internal abstract record SubwordVocabulary
{
    /// <summary>The id of each token.</summary>
    public required Dictionary<string, int> Ids { get; init; }

    /// <summary>A token that <see cref="Encoding.Tokens"/> shows as it stood in the text, as Unigram does with unknown text; −1 for none.</summary>
    public virtual int ShownAsWritten => -1;

    /// <summary>The model, ready to use.</summary>
    /// <param name="name">The file's name for messages.</param>
    /// <exception cref="AlidadeException">The parts do not fit together.</exception>
    public abstract ISubwordModel Build(string name);

    /// <summary>Writes the fields that <see cref="SubwordVocabularyReader"/> reads, without the braces around them.</summary>
    public abstract void Write(Utf8JsonWriter writer);
}

/// <summary>Reads the field <c>model</c> of a tokenizer.json.</summary>
internal static class SubwordVocabularyReader
{
    // Far above any vocabulary; it keeps a lying file from asking for memory.
    private const int LargestId = 1 << 22;

    /// <summary>The vocabulary of a field. Old files leave the type out; then the other fields tell it.</summary>
    /// <exception cref="NotBuiltException">The type is unknown.</exception>
    public static SubwordVocabulary Read(JsonField model)
    {
        if (model.IsMissing)
            throw model.Wrong("an object");
        var type = model["type"].OptionalText
            ?? (!model["merges"].IsMissing ? "BPE"
                : model["vocab"].Value.ValueKind == JsonValueKind.Array ? "Unigram"
                : !model["max_input_chars_per_word"].IsMissing ? "WordPiece"
                : !model["vocab"].IsMissing ? "WordLevel"
                : throw model["type"].Wrong("BPE, Unigram, WordPiece or WordLevel"));
        return type switch
        {
            "BPE" => BytePairVocabulary.Read(model),
            "Unigram" => UnigramVocabulary.Read(model),
            "WordPiece" => WordPieceVocabulary.Read(model),
            "WordLevel" => WordLevelVocabulary.Read(model),
            _ => throw new NotBuiltException($"{model.Where}: the model {type} is not built; BPE, Unigram, WordPiece and WordLevel are"),
        };
    }

    /// <summary>An object of tokens and ids.</summary>
    public static Dictionary<string, int> ReadIds(JsonField vocab)
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

            ids[token] = ReadId(new JsonField(entry.Value, vocab.File, $"{vocab.Path}['{token}']"));
        }

        return ids;
    }

    /// <summary>An id that is no larger than any vocabulary.</summary>
    public static int ReadId(JsonField id) => id.Integer <= LargestId ? id.Integer : throw id.Wrong($"an id up to {LargestId}");

    /// <summary>Writes the field <c>vocab</c> as an object of tokens and ids.</summary>
    public static void WriteIds(Utf8JsonWriter writer, Dictionary<string, int> ids)
    {
        writer.WriteStartObject("vocab");
        foreach (var (token, id) in ids.OrderBy(x => x.Value))
            writer.WriteNumber(token, id);
        writer.WriteEndObject();
    }
}
