using System.Text.Json;
using Alidade.Core;

namespace Alidade.Models.Tokenizers;

/// <summary>What a WordPiece model is made of.</summary>
internal sealed record WordPieceVocabulary : SubwordVocabulary
{
    /// <summary>The token for words that the vocabulary cannot spell.</summary>
    public required string Unknown { get; init; }

    /// <summary>What tokens inside a word begin with.</summary>
    public string ContinuingPrefix { get; init; } = "##";

    /// <summary>Longer words, in characters, are unknown.</summary>
    public int LongestWord { get; init; } = 100;

    /// <summary>Reads the field <c>model</c>.</summary>
    public static WordPieceVocabulary Read(JsonField model)
    {
        var standard = new WordPieceVocabulary { Ids = [], Unknown = "" };
        return new()
        {
            Ids = SubwordVocabularyReader.ReadIds(model["vocab"]),
            Unknown = model["unk_token"].Text,
            ContinuingPrefix = model["continuing_subword_prefix"].OptionalText ?? standard.ContinuingPrefix,
            LongestWord = model["max_input_chars_per_word"].IsMissing ? standard.LongestWord : model["max_input_chars_per_word"].Integer,
        };
    }

    /// <inheritdoc/>
    public override ISubwordModel Build(string name) => new WordPiece(this, name);

    /// <inheritdoc/>
    public override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "WordPiece");
        writer.WriteString("unk_token", Unknown);
        writer.WriteString("continuing_subword_prefix", ContinuingPrefix);
        writer.WriteNumber("max_input_chars_per_word", LongestWord);
        SubwordVocabularyReader.WriteIds(writer, Ids);
    }
}

/// <summary>
/// The longest token that begins a word, then the longest that goes on, and so forth; a word that does not come out, or is too long, is unknown as a whole.
/// </summary>
/// <remarks>Schuster and Nakajima 2012; the greedy search of Devlin et al. 2018 (tokenization.py of google-research/bert).</remarks>
internal sealed class WordPiece : ISubwordModel
{
    private readonly WordPieceVocabulary vocabulary;
    private readonly string name;
    private readonly TokenTrie trie = new();
    private readonly int continuing;
    private readonly WordMemory memory = new();

    /// <summary>Prepares the model.</summary>
    public WordPiece(WordPieceVocabulary vocabulary, string name)
    {
        this.vocabulary = vocabulary;
        this.name = name;
        foreach (var (token, id) in vocabulary.Ids)
            trie.Add(token, id);
        continuing = vocabulary.ContinuingPrefix.Aggregate(TokenTrie.Root, (node, c) => node < 0 ? -1 : trie.Next(node, c));
    }

    /// <inheritdoc/>
    public Subword[] Tokenize(ReadOnlySpan<char> piece)
    {
        if (piece.Length == 0)
            return [];
        if (memory.TryGet(piece, out var known))
            return known;
        var tokens = IsTooLong(piece) ? null : Greedy(piece);
        tokens ??= vocabulary.Ids.TryGetValue(vocabulary.Unknown, out var id) ? [new(id, 0, piece.Length)]
            : throw new AlidadeException($"{name}: model.unk_token '{vocabulary.Unknown}' is not in model.vocab, and the text has an unknown word");
        memory.Add(piece, tokens);
        return tokens;
    }

    private bool IsTooLong(ReadOnlySpan<char> piece)
    {
        if (piece.Length <= vocabulary.LongestWord)
            return false;
        var characters = 0;
        for (var i = 0; i < piece.Length; i += CodePoints.LengthAt(piece, i))
            characters++;
        return characters > vocabulary.LongestWord;
    }

    private Subword[]? Greedy(ReadOnlySpan<char> piece)
    {
        var tokens = new List<Subword>();
        for (var start = 0; start < piece.Length;)
        {
            var (id, end) = (-1, start);
            var node = start == 0 ? TokenTrie.Root : continuing;
            for (var at = start; node >= 0 && at < piece.Length; at++)
            {
                node = trie.Next(node, piece[at]);
                if (node >= 0 && trie.Value(node) >= 0)
                    (id, end) = (trie.Value(node), at + 1);
            }

            if (id < 0)
                return null;
            tokens.Add(new(id, start, end));
            start = end;
        }

        return [.. tokens];
    }
}
