namespace Alidade.Models.Tokenizers;

/// <summary>Cuts every so many characters.</summary>
internal sealed class FixedLengthPreTokenizer(int length) : IPreTokenizer
{
    /// <summary>Reads its length; 5 when the file names none.</summary>
    public static FixedLengthPreTokenizer Read(JsonField field)
    {
        var length = field["length"];
        return new(length.IsMissing ? 5 : length.Integer > 0 ? length.Integer : throw length.Wrong("a number of characters from 1"));
    }

    /// <inheritdoc/>
    public List<Piece> Cut(List<Piece> pieces)
    {
        var output = new List<Piece>(pieces.Count);
        foreach (var piece in pieces)
        {
            if (!piece.IsText)
            {
                output.Add(piece);
                continue;
            }

            for (int start = 0, end; start < piece.Length; start = end)
            {
                end = start;
                for (var i = 0; i < length && end < piece.Length; i++)
                    end += CodePoints.LengthAt(piece.Span, end);
                output.Add(new(piece.Text, piece.Start + start, end - start));
            }
        }

        return output;
    }
}
