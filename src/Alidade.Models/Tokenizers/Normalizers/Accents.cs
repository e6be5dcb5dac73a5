using System.Globalization;
using System.Text;

namespace Alidade.Models.Tokenizers;

/// <summary>Accents of letters. (The runtime's own normalisation knows ASCII alone, since Alidade runs without the system's language data.)</summary>
public static class Accents
{
    /// <summary>The text with every letter taken apart (NFD) and the marks left out: "bête" becomes "bete".</summary>
    public static string Strip(string text)
    {
        if (Ascii.IsValid(text))
            return text;
        var kept = new StringBuilder(text.Length);
        foreach (var (codePoint, _) in Normalization.Decompose(text, compatibility: false))
            if (CharUnicodeInfo.GetUnicodeCategory(codePoint) != UnicodeCategory.NonSpacingMark)
                kept.Append(Rune.IsValid(codePoint) ? new Rune(codePoint).ToString() : ((char)codePoint).ToString());
        return kept.ToString();
    }
}
