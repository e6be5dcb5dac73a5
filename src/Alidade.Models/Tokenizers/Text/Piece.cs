using System.Runtime.InteropServices;

namespace Alidade.Models.Tokenizers;

/// <summary>A stretch of the text between two cuts. A piece that is an added token is not cut further.</summary>
/// <param name="Text">The text that the piece is part of.</param>
/// <param name="Start">Where it starts in <paramref name="Text"/>, in UTF-16 units.</param>
/// <param name="Length">Its length in UTF-16 units.</param>
/// <param name="AddedId">The id of the added token that it is, or −1.</param>
internal readonly record struct Piece(AlignedText Text, int Start, int Length, int AddedId = -1)
{
    /// <summary>The characters of the piece.</summary>
    public ReadOnlySpan<char> Span => Text.Text.AsSpan(Start, Length);

    /// <summary>True when the piece is ordinary text.</summary>
    public bool IsText => AddedId < 0;

    /// <summary>The piece as a text of its own.</summary>
    public AlignedText Part() => Text.Slice(Start, Length);
}

/// <summary>Pieces of one text, to be written anew together: objects of its own for each word would be many.</summary>
internal static class PieceRuns
{
    /// <summary>Hands each longest run of pieces of one text to <paramref name="rewrite"/>, which adds what becomes of them; added tokens stay as they are.</summary>
    public static List<Piece> Rewritten(List<Piece> pieces, Action<ReadOnlySpan<Piece>, List<Piece>> rewrite)
    {
        var output = new List<Piece>(pieces.Count);
        for (int i = 0, end; i < pieces.Count; i = end)
        {
            for (end = i; end < pieces.Count && pieces[end].IsText && ReferenceEquals(pieces[end].Text, pieces[i].Text);)
                end++;
            if (end == i)
                output.Add(pieces[end++]);
            else
                rewrite(CollectionsMarshal.AsSpan(pieces)[i..end], output);
        }

        return output;
    }
}
