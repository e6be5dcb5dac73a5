namespace Alidade.Models.Tokenizers;

/// <summary>Cuts where the script changes. Spaces and unassigned characters go with what is before them; before the first script they are left out.</summary>
/// <remarks>UnicodeScripts of Hugging Face tokenizers, after SentencePiece: Hiragana, Katakana and ー count as Han.</remarks>
internal sealed class ScriptPreTokenizer : IPreTokenizer
{
    /// <inheritdoc/>
    public List<Piece> Cut(List<Piece> pieces)
    {
        var output = new List<Piece>(pieces.Count + 16);
        foreach (var piece in pieces)
            if (piece.IsText)
                Cut(piece, output);
            else
                output.Add(piece);
        return output;
    }

    private static void Cut(Piece piece, List<Piece> output)
    {
        var text = piece.Span;
        var (start, last) = (-1, "");
        for (var i = 0; i < text.Length; i += CodePoints.LengthAt(text, i))
        {
            if (Script(CodePoints.At(text, i)) is not { } script || script == last)
                continue;
            if (start >= 0)
                output.Add(new(piece.Text, piece.Start + start, i - start));
            (start, last) = (i, script);
        }

        if (start >= 0)
            output.Add(new(piece.Text, piece.Start + start, text.Length - start));
    }

    // Null for a character that belongs to any script. The scripts are those of Unicode 9, as in the reference; four characters have moved since.
    private static string? Script(int codePoint) => codePoint switch
    {
        ' ' => null,
        0x30FC => "Han",
        0x589 or 0x61C => "Common",
        0x953 or 0x954 => "Devanagari",
        _ when !UnicodeTables.IsIn(codePoint, 9) => null,
        _ => UnicodeTables.ScriptOf(codePoint) switch
        {
            "Hiragana" or "Katakana" => "Han",
            var script => script,
        },
    };
}
