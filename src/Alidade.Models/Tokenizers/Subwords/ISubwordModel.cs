namespace Alidade.Models.Tokenizers;

/// <summary>One token of a word: its id, and the bytes in UTF-8 of the normalised text that it covers.</summary>
internal readonly record struct Subword(int Id, int Bytes);

/// <summary>Turns one piece of normalised text into tokens.</summary>
internal interface ISubwordModel
{
    /// <summary>The tokens of a piece. Safe for concurrent use; the array may be shared, so it must not be changed.</summary>
    Subword[] Tokenize(ReadOnlySpan<char> piece);
}
